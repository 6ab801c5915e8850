/*
 * cohere/cohere.c - any bytes as what clients say to Cohere and what it
 * answers.
 */
#include "dialect.h"

#include "dialect/cohere/cohere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_dialect(&cohere, (struct str){ (const char *)data, size });
	return 0;
}
