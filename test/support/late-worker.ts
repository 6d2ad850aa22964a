/*
 * Mocha's pool asks a worker to end, and sends SIGTERM when it is still there one second later. Under c8 a worker
 * writes its coverage at that moment, which takes longer on a busy machine: the signal then ended it in the middle,
 * and its share of the coverage was lost. A worker that hears the signal itself writes to the end.
 */
if (process.env.MOCHA_WORKER_ID !== undefined) process.on('SIGTERM', () => process.exit());
