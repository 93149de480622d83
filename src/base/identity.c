/* SPDX-License-Identifier: MIT */
#include "base/identity.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

om_status om__identity_parse(const char *text, const char *password, struct om__identity *out,
                             struct om_error *err)
{
    const char *slash = strchr(text, '\\');
    const char *user = slash ? slash + 1 : text;
    struct om__identity id = {0};

    if (!*user || slash == text)
        return om__fail(err, MAPI_E_INVALID_PARAMETER, OM_LAYER_USAGE, OM_CAUSE_BAD_ARGUMENT,
                        OM_NATIVE_NONE, 0, "\"%s\" is no user: DOMAIN\\user or user@domain is",
                        text);
    id.user = om__strdup(user);
    id.domain = om__strndup(text, slash ? (size_t)(slash - text) : 0);
    id.password = password ? om__strdup(password) : NULL;
    if (!id.user || !id.domain || (password && !id.password)) {
        om__identity_free(&id);
        return om__fail_memory(err, "an identity");
    }
    *out = id;
    return OM_OK;
}

void om__identity_free(struct om__identity *id)
{
    if (!id)
        return;
    om__free(id->user);
    om__free(id->domain);
    om__wipe_free_str(id->password);
    *id = (struct om__identity){0};
}

void om__identity_format(const struct om__identity *id, char *buf, size_t size)
{
    snprintf(buf, size, "%s%s%s", id->domain, id->domain[0] ? "\\" : "", id->user);
}
