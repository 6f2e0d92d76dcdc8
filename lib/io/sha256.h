/*
 * sha256: the SHA-256 (FIPS 180-4) of bytes and of files, by OpenSSL's libcrypto, as the 64
 * lower-case hexadecimal digits that sha256sum prints.
 */
#ifndef CE_SHA256_H
#define CE_SHA256_H

#include "base/err.h"

#include <stddef.h>

#define SHA256_HEX 65 /* with its NUL */

/* Of len bytes. Returns 0, or -1 with err: libcrypto refuses. */
int sha256_bytes(char hex[SHA256_HEX], const void *bytes, size_t len, struct err *err);

/*
 * Of a regular file as it lies there, compressed or not. Returns 0, or -1 with err: it is none, or
 * cannot be read.
 */
int sha256_file(char hex[SHA256_HEX], const char *path, struct err *err);

#endif
