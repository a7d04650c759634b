/** A number with its noun: `1 pod`, `3 pods`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;
