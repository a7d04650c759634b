// Pulumi registers ts-node for every policy pack, whatever its options say, and that cannot load a module that imports .ts files.
// What a .mjs file imports, Node loads itself.
import "./pack.ts";
