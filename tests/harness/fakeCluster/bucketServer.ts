import { createServer, type Server } from "node:http";
import { type FakeState, json } from "./state.ts";

/** A bucket whose listing never ends. */
export const bucketServer = (state: FakeState): Server =>
  createServer((request, response) => {
    const query = new URL(request.url ?? "", "http://minio").searchParams;
    if (query.get("prefix") !== "fake/") return json(response, 400, {});
    const page = Number(/\d+$/.exec(query.get("continuation-token") ?? "1")?.[0]);
    state.pagesListed += 1;
    response
      .writeHead(200, { "content-type": "application/xml" })
      .end(listing(page, state.behaviour.newObjectOnPage === page));
  });

/** A page of a thousand keys in MinIO's format, followed by another page. */
function listing(page: number, withNewObject: boolean): string {
  const keys = Array.from({ length: 1000 }, (_, i) => {
    const time = withNewObject && i === 500 ? new Date() : new Date("2025-06-01T00:00:00Z");
    return `<Contents><Key>fake/${page}/${i}:1:2</Key><LastModified>${time.toISOString()}</LastModified><ETag>"e"</ETag><Size>1</Size></Contents>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>loki-prod-aks-a</Name><Prefix>fake/</Prefix><KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated><NextContinuationToken>page-${page + 1}</NextContinuationToken>${keys.join("")}</ListBucketResult>`;
}
