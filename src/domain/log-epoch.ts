/** On `log-epoch`: names this log's history. A restore or an import begins a new one. */
export type LogEpochEvent = { readonly type: 'EpochBegun'; readonly data: { readonly epoch: string } };
