/** The shells that `hongbao completion` knows. */
export const shells = ['bash', 'zsh', 'fish'] as const;
