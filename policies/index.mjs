// Pulumi registers ts-node for every policy pack, whatever the pack's options are, and ts-node cannot load a module that imports .ts
// files. Node itself loads what a .mjs file imports.
import "./pack.ts";
