/*
 * ollama/ollama.c - any bytes as what clients say to Ollama and what it
 * answers.
 */
#include "dialect.h"

#include "dialect/ollama/ollama.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_dialect(&ollama, (struct str){ (const char *)data, size });
	return 0;
}
