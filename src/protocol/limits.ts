/** Bytes of one message, and of all messages of one request. Peers refuse more. */
export const MESSAGE_BYTES_MAX = 33_554_432

/** Bytes of all messages of one answer, so that a worker that never ends does not fill the caller's memory. */
export const ANSWER_BYTES_MAX = 8 * MESSAGE_BYTES_MAX

/** What each message of an answer counts for at least, so that empty ones end too. */
export const MESSAGE_BYTES_MIN = 1024

/** Encoded bytes of a status text, and of an error in its trailer: some peers take 16 KiB of headers in all. */
export const STATUS_BYTES_MAX = 6000

/** HTTP/2's window for a stream and for a connection: a whole batch is under way before its first byte is acknowledged. */
export const FLOW_CONTROL_WINDOW_BYTES = 16 * 1024 * 1024

/** A longer wait overflows the timers of grpc-js; such calls have no deadline on the wire. */
export const DEADLINE_MS_MAX = 2 ** 31 - 1
