declare const brand: unique symbol;

/** A string or number that the compiler keeps apart from others of the same shape. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
