/*
 * model.h - what one provider serves under one name, and its price.
 */
#ifndef CATALOG_MODEL_H
#define CATALOG_MODEL_H

#include "base/error.h"
#include "catalog/model_kind.h"
#include "catalog/price.h"
#include "db/pool.h"

struct provider;

#define MODEL_NAME_MAX_BYTES 191
#define QUALITY_UNKNOWN (-1)

struct model {
	int64_t id;
	struct str name;          /* in this catalogue */
	struct str upstream_name; /* what the provider calls it */
	const struct provider *provider;
	int64_t context_tokens;    /* 0: unknown */
	int64_t max_output_tokens; /* 0: unknown */
	int64_t quality;           /* 0-100 or QUALITY_UNKNOWN */
	struct str quality_source; /* "" a person; "price prior": own.h */
	int64_t speed_tps;         /* tokens of answer a second; 0: unknown */
	enum model_kind kind;
	unsigned input_modalities;  /* MODALITY_* */
	unsigned output_modalities; /* MODALITY_* */
	unsigned capabilities;      /* MODEL_CAN_* */
	int64_t deprecated_ms; /* the provider takes it away; 0: not known to */
	int64_t created_ms;
	bool enabled;
	const struct price *prices; /* the newest first; NULL: unpriced */
	/* Offered models of the same word may stand in for each other when a
	 * provider fails; "": none may. */
	struct str equivalence;
	struct str source; /* "manual" or the catalogue that it came from */
};

/* The price of an ordinary call at that time; NULL: not priced then. */
const struct price *model_price_at(const struct model *model, int64_t unix_ms);
/* The same for a prompt of that length, where long ones cost more. */
const struct price *model_price_for(
	const struct model *model, int64_t unix_ms, int64_t prompt_tokens);
/* And for a service tier; one without a price costs as the ordinary one. */
const struct price *model_price_of_tier(const struct model *model,
	int64_t unix_ms, int64_t prompt_tokens, enum price_tier tier);

/* True when calls may go to it: it and its provider are enabled. */
bool model_is_offered(const struct model *model);

/* What to save; a negative number or an empty text leaves what was there. A
 * model that was saved so is 'manual': no update changes it any more. */
struct model_change {
	int64_t provider_id;
	struct str name;
	struct str upstream_name; /* of a new model: its name */
	int64_t context_tokens;
	int64_t max_output_tokens;
	int64_t quality;
	int64_t speed_tps;
	int64_t kind; /* enum model_kind */
	int64_t input_modalities;
	int64_t output_modalities;
	int64_t capabilities;
	int64_t input_picousd; /* per token */
	int64_t output_picousd;
	int64_t cached_picousd;
	int64_t cache_write_picousd;
	int64_t reasoning_picousd;
	int64_t image_picousd; /* for an image that is made */
	bool sets_equivalence;
	struct str equivalence; /* then this, also when it is empty */
};

/* A change that changes nothing. */
struct model_change model_change_none(void);

/* ERR_BAD_FIELD for what cannot be the name of a model or an alias. */
MUST_USE bool model_name_check(struct str name, struct error *err);

/*
 * Add the model or change the one of that provider and name; a price that
 * differs from the one valid now becomes valid now. ERR_BAD_FIELD when a
 * model without a price gets only one half of it.
 */
MUST_USE bool model_save(struct db *db, const struct model_change *change,
	int64_t *id, bool *created, struct error *err);

/* Calls may go to it, or may not. Nothing else changes, and updates of the
 * catalogue leave it so. ERR_NOT_FOUND. */
MUST_USE bool model_set_enabled(
	struct db *db, int64_t id, bool is_enabled, struct error *err);

#endif
