/*
 * random.h - bytes that nobody can guess, and identifiers made of them.
 *
 * Everything comes from the kernel (getrandom), so nothing here can fail: a
 * kernel without randomness ends the process. Safe in any thread and after a
 * fork.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/base.h"

void random_bytes(void *out, size_t n);

/* The same without a system call each time, up to 64 bytes: for what is chosen
 * by chance and for names, not for secrets. */
void random_draw(void *out, size_t n);

/* n characters and a NUL: out has room for n + 1. */
void random_hex(char *out, size_t n);    /* 4 bits each, lower case */
void random_base62(char *out, size_t n); /* 5.95 bits each, 0-9A-Za-z */

#define REQUEST_ID_BYTES 31

/*
 * "req_" and 26 characters, NUL-terminated: 48 bits of Unix milliseconds,
 * then 80 random bits, in base 32 without I, L, O and U. Later ones sort
 * after earlier ones of another millisecond. Cheap: no system call each time.
 */
void random_request_id(char out[REQUEST_ID_BYTES]);

#endif
