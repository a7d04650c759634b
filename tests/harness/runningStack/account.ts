import { crc32 } from "node:zlib";
import { idOf, type Ledger } from "./ledger.ts";

/** How Loki's lines compare with a ledger. In a good account, `lost`, `twice` and `damaged` are empty. */
export interface Account {
  readonly written: number;
  readonly lost: string[];
  readonly twice: string[];
  /** Lines that were cut, joined, or stored under the labels of another pod or stream. */
  readonly damaged: string[];
  /** Lines that a rotation split and that Loki shows as two entries, which are exactly the line's two halves. */
  readonly split: string[];
  /** Those of them whose first half is two entries as well: the file was compressed before Alloy, which was away, had passed it on. */
  readonly cut: string[];
  /** The number of entries by `count_over_time`. */
  readonly counted: number;
}

/** A line that Loki found. */
export interface Found {
  readonly at: bigint;
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Piece = "whole" | "head" | "tail";

/** Counts the lines that Loki shows against a ledger. */
export class Tally {
  readonly #ledger: Ledger;
  readonly #seen: Readonly<Record<Piece, Map<string, number>>> = {
    whole: new Map(),
    head: new Map(),
    tail: new Map(),
  };
  readonly #damaged: string[] = [];
  /** Lengths of the start and the end of first halves, by id. */
  readonly #fragments = new Map<string, [start: number, end: number]>();
  /** Lines by the checksum of the half that does not begin with the id. */
  readonly #byTail: ReadonlyMap<number, string>;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#byTail = new Map([...ledger.split].map(([id, { tail }]) => [tail, id]));
  }

  add({ text, labels }: Found): void {
    const checksum = crc32(text);
    const id = idOf(text) ?? this.#byTail.get(checksum) ?? "";
    const piece = this.#pieceOf(id, checksum);
    if (piece && this.#hasOwnLabels(id, labels)) this.#seen[piece].set(id, this.#times(piece, id) + 1);
    else if (!this.#isFragment(text, labels))
      this.#damaged.push(
        `${JSON.stringify(labels)} ${text.length > 160 ? `${text.slice(0, 160)}... (${text.length})` : text}`,
      );
  }

  #pieceOf(id: string, checksum: number): Piece | undefined {
    if (this.#ledger.lines.get(id) === checksum) return "whole";
    const halves = this.#ledger.split.get(id);
    if (halves && crc32(halves.head) === checksum) return "head";
    return halves?.tail === checksum ? "tail" : undefined;
  }

  /** Whether it is one of two fragments of a first half. The second has no stream, because it does not begin as containerd's lines do. */
  #isFragment(text: string, { namespace, pod }: Found["labels"]): boolean {
    for (const [id, { head }] of this.#ledger.split) {
      if (!id.startsWith(`${namespace}/${pod}/`)) continue;
      const isStart = head.startsWith(text);
      const content = text.replace(/\n$/, "");
      if (!isStart && !head.endsWith(content)) continue;
      const place = isStart ? 0 : 1;
      const lengths = this.#fragments.get(id) ?? [0, 0];
      lengths[place] = (lengths[place] ?? 0) + content.length;
      this.#fragments.set(id, lengths);
      if (lengths[0] + lengths[1] === head.length) this.#seen.head.set(id, this.#times("head", id) + 1);
      return true;
    }
    return false;
  }

  #hasOwnLabels(id: string, labels: Found["labels"]): boolean {
    const [namespace, pod] = id.split("/");
    const own = { namespace, pod, container: "app", stream: this.#ledger.streamOf(id) };
    return Object.entries(own).every(([name, value]) => labels[name] === value);
  }

  #times(piece: Piece, id: string): number {
    return this.#seen[piece].get(id) ?? 0;
  }

  /** @param counted the number of entries by `count_over_time`. */
  account(counted: number): Account {
    const ids = [...this.#ledger.lines.keys()];
    const halves = (id: string): number[] => [this.#times("head", id), this.#times("tail", id)];
    return {
      written: ids.length,
      lost: ids.filter((id) => this.#times("whole", id) + Math.min(...halves(id)) === 0),
      twice: ids.filter((id) => this.#times("whole", id) + Math.max(...halves(id)) > 1),
      damaged: this.#damaged,
      split: ids.filter((id) => this.#times("whole", id) === 0 && Math.min(...halves(id)) > 0),
      cut: [...this.#fragments.keys()],
      counted,
    };
  }
}
