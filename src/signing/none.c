/* The kind of store that has no URLs: its artifacts are left out. */
#include "signing/store.h"

const struct store_kind store_none = {0};
