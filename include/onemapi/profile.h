/* SPDX-License-Identifier: MIT */
/*
 * The profile store: profiles, their message services, providers and sections of typed properties.
 *
 * One SQLite file, `profiles.db`, in a home folder of the user's own (0700, the file 0600). Several
 * processes may use it at once: each change is one transaction, a reader sees the state before or
 * after it, and a process that dies in between leaves the state before. A store belongs to one
 * thread at a time.
 *
 * Errors of every function here, besides those it names: layer `store` with
 *   MAPI_E_DISK_ERROR       io            the file cannot be read or written
 *   MAPI_E_NOT_ENOUGH_DISK  disk-full     nothing was changed
 *   MAPI_E_NO_ACCESS        read-only     nothing was changed; reading still works
 *   MAPI_E_CORRUPT_DATA     damaged       the file is left as it is
 *   MAPI_E_VERSION          newer-format  the file is left as it is
 *   MAPI_E_BUSY             locked        another process held it for longer than ten seconds
 * and MAPI_E_NOT_ENOUGH_MEMORY of layer `system`. Out-parameters are untouched on failure.
 *
 * Where a profile is named, NULL means the default one; MAPI_E_NOT_FOUND of layer `profile` says
 * that there is none of that name, or no default. Names compare as Windows' registry keys do:
 * without regard to ASCII case, and are kept as written.
 */
#ifndef ONEMAPI_PROFILE_H
#define ONEMAPI_PROFILE_H

#include <onemapi/prop.h>

OM_BEGIN_DECLS

#define OM_PROFILE_NAME_MAX 255 /* bytes of UTF-8, without the NUL */

struct om_store;

enum om_store_flags {
    OM_STORE_READ =
        0, /* a store that does not exist yet reads as an empty one; nothing is created */
    OM_STORE_WRITE = 1 /* folder and file are created when absent */
};

/*
 * Opens the store of a home folder. Looser modes than 0700 and 0600 are tightened when it is opened
 * for writing; a folder or file of another user is refused (MAPI_E_NO_ACCESS, access-denied). The
 * whole file is checked before anything of it is believed. Close with om_store_close(); NULL is
 * accepted there.
 */
OM_API om_status om_store_open(const char *home, unsigned flags, struct om_store **out,
                               struct om_error *err);
OM_API void om_store_close(struct om_store *store);

/*
 * Makes the changes between begin and commit one. Calls nest: an inner rollback undoes its own
 * part, only the outermost commit writes. om_store_rollback() never fails: what was begun is
 * undone. A failed commit leaves the state before, and there is nothing left to roll back.
 */
OM_API om_status om_store_begin(struct om_store *store, struct om_error *err);
OM_API om_status om_store_commit(struct om_store *store, struct om_error *err);
OM_API void om_store_rollback(struct om_store *store);

/* ---- profiles ---- */

/* How a target server and the proxy map come together; see map.h. */
enum om_routing_mode {
    OM_ROUTING_SMART,    /* a proxy of the profile's applies where it can work */
    OM_ROUTING_CDO,      /* as MAPI/CDO 6.5.8320 and later */
    OM_ROUTING_CDO_8309, /* as MAPI/CDO 6.5.8309: the map's domains compare with their case */
    OM_ROUTING_MODES_
};

/* "smart", "cdo", "cdo-8309"; never NULL. Static storage. */
OM_API const char *om_routing_mode_name(enum om_routing_mode mode);
OM_API bool om_routing_mode_parse(const char *name, enum om_routing_mode *mode);

struct om_profile_info {
    char name[OM_PROFILE_NAME_MAX + 1];
    bool is_default;
    enum om_routing_mode mode;
    uint32_t services;
};

/* In the order of their names. Free with om_profiles_free(). */
struct om_profiles {
    uint32_t count;
    const struct om_profile_info *items;
};

OM_API om_status om_profile_list(struct om_store *store, struct om_profiles **out,
                                 struct om_error *err);
OM_API void om_profiles_free(struct om_profiles *profiles);

OM_API om_status om_profile_find(struct om_store *store, const char *profile,
                                 struct om_profile_info *out, struct om_error *err);

/*
 * A new, empty profile; the first one becomes the default. MAPI_E_COLLISION: the name is taken.
 * MAPI_E_INVALID_PARAMETER: empty, too long, not UTF-8, or with a control character, '/' or '\'.
 */
OM_API om_status om_profile_create(struct om_store *store, const char *profile,
                                   struct om_error *err);
OM_API om_status om_profile_delete(struct om_store *store, const char *profile,
                                   struct om_error *err);
OM_API om_status om_profile_rename(struct om_store *store, const char *profile, const char *name,
                                   struct om_error *err);
/* Services, providers, sections and mode; services and providers get new UIDs, well-known sections
 * keep theirs. */
OM_API om_status om_profile_copy(struct om_store *store, const char *profile, const char *name,
                                 struct om_error *err);
OM_API om_status om_profile_set_default(struct om_store *store, const char *profile,
                                        struct om_error *err);
OM_API om_status om_profile_set_mode(struct om_store *store, const char *profile,
                                     enum om_routing_mode mode, struct om_error *err);

/* ---- message services and providers ---- */

struct om_service_info {
    struct om_uid uid;        /* PR_SERVICE_UID; also the UID of the service's own section */
    const char *name;         /* "MSEMS" */
    const char *display_name; /* PR_DISPLAY_NAME, "" when it has none */
    uint32_t providers;
};

struct om_provider_info {
    struct om_uid uid; /* PR_PROVIDER_UID; also the UID of the provider's section */
    struct om_uid service;
    const char *name; /* "EMS_MDB_private", as in the service's description */
    const char *display_name;
    uint32_t resource_type; /* PR_RESOURCE_TYPE: MAPI_STORE_PROVIDER 33, MAPI_AB_PROVIDER 35, ... */
    uint32_t resource_flags; /* PR_RESOURCE_FLAGS: STATUS_*, HOOK_* */
};

/* In the order they were added. Free with om_services_free(), om_providers_free(). */
struct om_services {
    uint32_t count;
    const struct om_service_info *items;
};

struct om_providers {
    uint32_t count;
    const struct om_provider_info *items;
};

OM_API om_status om_service_list(struct om_store *store, const char *profile,
                                 struct om_services **out, struct om_error *err);
OM_API void om_services_free(struct om_services *services);

/*
 * What IMsgServiceAdmin::CreateMsgService does: service, providers and sections with the defaults
 * of the service's description. Known: "MSEMS". `uid` (may be NULL) gets the service's UID.
 * MAPI_E_NOT_FOUND: no such service description. MAPI_E_NO_ACCESS, layer `profile`, cause `exists`:
 * the service is marked SERVICE_SINGLE_COPY and there already.
 */
OM_API om_status om_service_add(struct om_store *store, const char *profile, const char *service,
                                struct om_uid *uid, struct om_error *err);

/* With its providers and all their sections. MAPI_E_NOT_FOUND: the profile has no service of that
 * UID. */
OM_API om_status om_service_delete(struct om_store *store, const char *profile,
                                   const struct om_uid *uid, struct om_error *err);

OM_API om_status om_provider_list(struct om_store *store, const char *profile,
                                  struct om_providers **out, struct om_error *err);
OM_API void om_providers_free(struct om_providers *providers);

/* ---- sections and properties ---- */

/* The MSEMS global profile section, 13DBB0C8AA05101A9BB000AA002FC45A. */
OM_API extern const struct om_uid om_uid_global_section;

/* 32 digits, upper case, and a NUL. */
#define OM_UID_CHARS 33
OM_API void om_uid_text(const struct om_uid *uid, char out[OM_UID_CHARS]);
OM_API bool om_uid_from_text(const char *text, struct om_uid *uid); /* 32 digits of any case */

struct om_section_info {
    struct om_uid uid;
    const char *name; /* "global", the provider's or service's name; "" for any other */
    uint32_t properties;
};

struct om_sections {
    uint32_t count;
    const struct om_section_info *items;
};

OM_API om_status om_section_list(struct om_store *store, const char *profile,
                                 struct om_sections **out, struct om_error *err);
OM_API void om_sections_free(struct om_sections *sections);

/*
 * The UID of a section from its UID in hexadecimal, a provider's or service's name, or "global":
 * the section that PR_EMSMDB_SECTION_UID of the MSEMS service names, else om_uid_global_section.
 * MAPI_E_NOT_FOUND lists the names there are; MAPI_E_AMBIGUOUS_RECIP when two providers share the
 * name.
 */
OM_API om_status om_section_resolve(struct om_store *store, const char *profile, const char *text,
                                    struct om_uid *uid, struct om_error *err);

/* Properties in the order of their tags; values belong to the list. Free with om_props_free(). */
struct om_props {
    uint32_t count;
    const struct om_propval *items;
};

OM_API void om_props_free(struct om_props *props);

/*
 * All properties of a section. A section that does not exist has none: in MAPI too, opening one
 * creates it.
 */
OM_API om_status om_section_read(struct om_store *store, const char *profile,
                                 const struct om_uid *section, struct om_props **out,
                                 struct om_error *err);

/*
 * A value by its tag: of exactly this type; else, for PT_STRING8 and PT_UNICODE, of the other
 * string type; for PT_UNSPECIFIED, of any type (the lowest). NULL when there is none. Borrowed from
 * the list.
 */
OM_API const struct om_propval *om_props_find(const struct om_props *props, om_proptag tag);

/* The string (PT_STRING8 or PT_UNICODE), or NULL. Borrowed. */
OM_API const char *om_props_string(const struct om_props *props, om_proptag tag);
/* The PT_LONG; false, and *value untouched, when there is none. */
OM_API bool om_props_long(const struct om_props *props, om_proptag tag, uint32_t *value);

/*
 * One property, found as om_props_find() does; a list of one. MAPI_E_NOT_FOUND of layer `profile`.
 */
OM_API om_status om_prop_get(struct om_store *store, const char *profile,
                             const struct om_uid *section, om_proptag tag, struct om_props **out,
                             struct om_error *err);

/*
 * Sets all of them or none; the section is created when it is not there. As in the registry the
 * type is part of the key: PT_STRING8 and PT_UNICODE of one identifier are two values, each kept
 * byte for byte. MAPI_E_INVALID_TYPE: a type that is none (PT_UNSPECIFIED among them).
 * MAPI_E_TOO_BIG: a value of more than 1 MiB, a string of more than 32 KiB.
 */
OM_API om_status om_prop_set(struct om_store *store, const char *profile,
                             const struct om_uid *section, const struct om_propval *values,
                             uint32_t count, struct om_error *err);

/* The value om_props_find() would find. MAPI_E_NOT_FOUND of layer `profile`: there is none. */
OM_API om_status om_prop_delete(struct om_store *store, const char *profile,
                                const struct om_uid *section, om_proptag tag, struct om_error *err);

OM_END_DECLS

#endif
