#include "io/sha256.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

/* Out of memory libcrypto calls itself until the stack ends: mem says so, and exits. */
static void *allocate(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return mem_alloc(n, 1);
}

static void *reallocate(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return mem_realloc(p, n, 1);
}

static void release(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/*
 * The functions count only before libcrypto has any memory. Its cleanup at exit would wait for ever
 * for what was being made when mem gave up.
 */
static EVP_MD_CTX *begin(void)
{
	EVP_MD_CTX *digest;

	CRYPTO_set_mem_functions(allocate, reallocate, release);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	digest = EVP_MD_CTX_new();
	if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
		return digest;
	EVP_MD_CTX_free(digest);
	return NULL;
}

static int refused(struct err *err)
{
	return err_set(err, ERR_RUNTIME, "libcrypto cannot make a SHA-256");
}

static int finish(EVP_MD_CTX *digest, char hex[SHA256_HEX], struct err *err)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!EVP_DigestFinal_ex(digest, bytes, &n) || n != (SHA256_HEX - 1) / 2)
		return refused(err);
	for (unsigned int i = 0; i < n; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int sha256_bytes(char hex[SHA256_HEX], const void *bytes, size_t len, struct err *err)
{
	EVP_MD_CTX *digest = begin();
	int rc = digest && EVP_DigestUpdate(digest, bytes, len) ? finish(digest, hex, err)
								: refused(err);

	EVP_MD_CTX_free(digest);
	return rc;
}

/* Adds all of a file of that size. */
static int add_file(EVP_MD_CTX *digest, int fd, const char *path, off_t size, struct err *err)
{
	static _Thread_local char chunk[CHUNK];
	off_t left = size;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk)))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, path);
		if (!EVP_DigestUpdate(digest, chunk, (size_t)n))
			return refused(err);
		left -= n;
	}
	return left ? err_set(err, ERR_RUNTIME, "%s: it has another size than it had", path) : 0;
}

int sha256_file(char hex[SHA256_HEX], const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	struct stat st;
	EVP_MD_CTX *digest;

	if (fd < 0)
		return err_errno(err, path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_RUNTIME,
			       "%s: not a regular file, whose SHA-256 a state has", path);
	}
	digest = begin();
	rc = digest ? add_file(digest, fd, path, st.st_size, err) : refused(err);
	if (!rc)
		rc = finish(digest, hex, err);
	EVP_MD_CTX_free(digest);
	close(fd);
	return rc;
}
