import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nginxChanges, parseNginx } from "../../../../components/gateway/nginxConfig.ts";

describe("nginx's config", () => {
  it("is read as nginx reads it: words, quotes, comments and blocks", () => {
    assert.deepEqual(parseNginx('a  b\t"c; {d}"; # e { ;\nlocation ~ ^/x{2}$ ;'.replace("{2}", "")), [
      { text: 'a b "c; {d}"', name: "a" },
      { text: "location ~ ^/x$", name: "location" },
    ]);
    assert.deepEqual(parseNginx("http { server { listen 80; } }"), [
      {
        text: "http",
        name: "http",
        block: [{ text: "server", name: "server", block: [{ text: "listen 80", name: "listen" }] }],
      },
    ]);
    assert.deepEqual(parseNginx("a '\\'; b' ${c}d;"), [{ text: "a '\\'; b' ${c}d", name: "a" }]);
  });

  it("with a mistake is refused", () => {
    for (const [text, message] of [
      ["a b", /a b: there is no ; at the end/],
      ["a { b; ", /there is a \{ without a \}/],
      ["a; }", /there is a \} without a \{/],
      ["a { b }", /b: there is no ; at the end/],
    ] as const)
      assert.throws(() => parseNginx(text), message, text);
  });
});

describe("a change of nginx's config", () => {
  const OWN =
    "http { map $uri $offered { default 0; } server { listen 80; auth_basic x; if ($offered = 0) { rewrite ^ /n last; } } }";
  const changes = (given: string) =>
    nginxChanges(parseNginx(OWN), parseNginx(given)).map(({ op, directive }) => `${op} ${directive}`);
  const inServer = (text: string) => changes(OWN.replace("listen 80;", `listen 80; ${text}`));
  const inHttp = (text: string) => changes(OWN.replace("server {", `${text} server {`));

  it("of sizes, times, logs, headers and new variables is harmless", () => {
    assert.deepEqual(changes(OWN), []);
    for (const text of [
      "client_max_body_size 8m;",
      "add_header X-A b;",
      "limit_req zone=a;",
      "gzip on;",
      "deny 10.0.0.1;",
    ])
      assert.deepEqual(inServer(text), [], text);
    assert.deepEqual(inHttp("map $request_method $writes { POST 1; } limit_req_zone $writes zone=a:1m rate=1r/s;"), []);
  });

  it("that lets requests in, or sends them elsewhere, is found", () => {
    for (const text of [
      "location /x { }",
      "auth_basic off;",
      "satisfy any;",
      "rewrite ^ /x;",
      "return 200;",
      "include x;",
      "listen 81;",
    ])
      assert.equal(inServer(text).length, 1, text);
    for (const text of [
      "server { listen 81; }",
      "upstream a { server b; }",
      "map $x $offered { default 1; }",
      "js_import x;",
    ])
      assert.notDeepEqual(inHttp(text), [], text);
    assert.deepEqual(changes(OWN.replace("auth_basic x;", "")), ["removed auth_basic x"]);
    assert.deepEqual(changes(OWN.replace("default 0;", "default 1;")), ["removed default 0", "added default 1"]);
    assert.deepEqual(changes(OWN.replace("map $uri $offered { default 0; }", "")), ["removed map $uri $offered"]);
  });
});
