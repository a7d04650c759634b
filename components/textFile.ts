import { readFileSync } from "node:fs";

/** The text of a file of this project. Line ends are newlines, even if git wrote others into the checkout: the text reaches the cluster. */
export const textFile = (file: string | URL): string => readFileSync(file, "utf8").replace(/\r\n?/g, "\n");
