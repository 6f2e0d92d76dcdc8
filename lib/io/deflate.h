/*
 * deflate: bytes to a deflate stream on a descriptor, block by block, on several threads.
 *
 * The bytes are cut into blocks of DEFLATE_BLOCK. Each is deflated for itself, so that several can
 * be at once, and written in its turn; where the blocks begin does not depend on who deflates them:
 *
 *	put  ->  | block 5 |  block 4  block 3  |  block 2  |  ->  fd
 *	          filling      being deflated      waits for block 1
 *
 * Threads are started when the first block is full: a small table costs none. Memory: 0.5 MiB a
 * block in flight, of which there are threads + 2 (one, if there are no threads); and what the
 * engine takes a thread: zlib 264 KiB, ISA-L 80.
 */
#ifndef CE_DEFLATE_H
#define CE_DEFLATE_H

#include "io/codec.h"

#define DEFLATE_BLOCK ((size_t)256 * 1024)

struct deflate; /* opaque */

/*
 * Starts a stream on fd, which stays the caller's. level: 1-9; n_threads: how many may deflate
 * besides the caller's, 0 for none.
 */
struct deflate *deflate_new(const struct codec *codec, int fd, int level, int n_threads);

/* Takes n bytes. Returns 0, or the errno of a write that failed. */
int deflate_put(struct deflate *d, const void *bytes, size_t n);

/*
 * Writes out all that was put, as deflate blocks of which none is the stream's last, and gives its
 * CRC-32 and length. Returns 0, or the errno of a write that failed. Nothing may be put after it.
 */
int deflate_finish(struct deflate *d, uint32_t *crc, uint64_t *length);

/* Ends the threads, whatever they are at, and frees everything; d may be NULL. */
void deflate_free(struct deflate *d);

#endif
