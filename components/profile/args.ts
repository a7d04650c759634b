import { z } from "zod";

/** The argument `profile`. */
export const profileArg = z.enum(["small", "medium", "large"]).optional();

/** Name of a profile. */
export type ProfileName = NonNullable<z.output<typeof profileArg>>;
