/*
 * pages.c - every page.
 */
#include "site/pages/pages.h"

extern const struct site_page pages_account[];
extern const struct site_page pages_alert_channel[];
extern const struct site_page pages_alert_rule[];
extern const struct site_page pages_alerts[];
extern const struct site_page pages_audit[];
extern const struct site_page pages_budget[];
extern const struct site_page pages_budgets[];
extern const struct site_page pages_docs[];
extern const struct site_page pages_cache[];
extern const struct site_page pages_invitation[];
extern const struct site_page pages_key_edit[];
extern const struct site_page pages_keys[];
extern const struct site_page pages_login[];
extern const struct site_page pages_members[];
extern const struct site_page pages_aliases[];
extern const struct site_page pages_model[];
extern const struct site_page pages_model_new[];
extern const struct site_page pages_models[];
extern const struct site_page pages_models_sync[];
extern const struct site_page pages_playground[];
extern const struct site_page pages_routing[];
extern const struct site_page pages_overview[];
extern const struct site_page pages_password[];
extern const struct site_page pages_preferences[];
extern const struct site_page pages_quota[];
extern const struct site_page pages_projects[];
extern const struct site_page pages_provider_edit[];
extern const struct site_page pages_providers[];
extern const struct site_page pages_requests[];
extern const struct site_page pages_requests_export[];
extern const struct site_page pages_settings[];
extern const struct site_page pages_signup[];
extern const struct site_page pages_switch[];
extern const struct site_page pages_usage[];

const struct site_page *const site_pages[] = {
	pages_overview,
	pages_models,
	pages_models_sync,
	pages_model_new,
	pages_model, /* behind those whose paths it would take for ids */
	pages_aliases,
	pages_routing,
	pages_playground,
	pages_requests,
	pages_requests_export,
	pages_usage,
	pages_settings,
	pages_preferences,
	pages_projects,
	pages_providers,
	pages_provider_edit,
	pages_account,
	pages_alert_channel,
	pages_alert_rule,
	pages_alerts,
	pages_audit,
	pages_budget,
	pages_budgets,
	pages_docs,
	pages_cache,
	pages_invitation,
	pages_key_edit,
	pages_keys,
	pages_login,
	pages_members,
	pages_password,
	pages_quota,
	pages_signup,
	pages_switch,
};

const size_t site_pages_count = ARRAY_LEN(site_pages);
