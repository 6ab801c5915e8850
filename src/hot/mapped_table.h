/*
 * mapped_table.h - a table of atomic numbers that all processes of the machine
 * map: changing one is an instruction or two and waits for nobody.
 */
#ifndef HOT_MAPPED_TABLE_H
#define HOT_MAPPED_TABLE_H

#include "base/error.h"

/*
 * The file of that path in memory that is shared with whoever maps it; made
 * when missing (0660, zeroed), and with all its memory, so that writing never
 * meets a full file system. ERR_IO names the path.
 */
MUST_USE bool mapped_table_open(
	const char *path, size_t bytes, void **out, struct error *err);
/* Safe with NULL. */
void mapped_table_close(void *table, size_t bytes);

#endif
