/* SPDX-License-Identifier: MIT */
#include "profile/describe.h"

#include <strings.h>

#include "profile/tags.h"

#define INSTALL_ID "{6485D26A-C2AC-11D1-AD3E-10A0C911C9C0}"

static const char *const msems_providers[] = {
    "EMS_DSA", "EMS_MDB_public", "EMS_MDB_private", "EMS_RXP", "EMS_MSX", "EMS_Hook", NULL};
static const char *const msems_sections[] = {"MSEMS_MSMail_Section", NULL};
static const struct om_uid msems_section_uids[] = {
    {{0x13, 0xDB, 0xB0, 0xC8, 0xAA, 0x05, 0x10, 0x1A, 0x9B, 0xB0, 0x00, 0xAA, 0x00, 0x2F, 0xC4,
      0x5A}},
};

/* Microsoft Knowledge Base Q294470 prints these sections of MAPISVC.INF; MFCMAPI installs the same.
 */
static const struct om__describe_prop msems_props[] = {
    {"MSEMS", PR_DISPLAY_NAME, 0, "Microsoft Exchange Server"},
    {"MSEMS", PR_SERVICE_DLL_NAME, 0, "emsui.dll"},
    {"MSEMS", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"MSEMS", PR_SERVICE_ENTRY_NAME, 0, "EMSCfg"},
    {"MSEMS", PR_RESOURCE_FLAGS, SERVICE_SINGLE_COPY, NULL},
    {"MSEMS", PR_SERVICE_SUPPORT_FILES, 0, "emsui.dll,emsabp.dll,emsmdb.dll"},

    {"EMS_MDB_public", PR_RESOURCE_TYPE, MAPI_STORE_PROVIDER, NULL},
    {"EMS_MDB_public", PR_PROVIDER_DLL_NAME, 0, "EMSMDB.DLL"},
    {"EMS_MDB_public", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_MDB_public", PR_RESOURCE_FLAGS, STATUS_NO_DEFAULT_STORE, NULL},
    {"EMS_MDB_public", PR_PROFILE_OPEN_FLAGS, 0x6, NULL},
    {"EMS_MDB_public", PR_PROFILE_TYPE, 3, NULL},
    {"EMS_MDB_public", PR_MDB_PROVIDER, 0, "78b2fa70aff711cd9bc800aa002fc45a"},
    {"EMS_MDB_public", PR_DISPLAY_NAME, 0, "Public Folders"},
    {"EMS_MDB_public", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Message Store"},

    {"EMS_MDB_private", PR_RESOURCE_TYPE, MAPI_STORE_PROVIDER, NULL},
    {"EMS_MDB_private", PR_PROVIDER_DLL_NAME, 0, "EMSMDB.DLL"},
    {"EMS_MDB_private", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_MDB_private", PR_RESOURCE_FLAGS,
     STATUS_PRIMARY_IDENTITY | STATUS_DEFAULT_STORE | STATUS_PRIMARY_STORE, NULL},
    {"EMS_MDB_private", PR_PROFILE_OPEN_FLAGS, 0xC, NULL},
    {"EMS_MDB_private", PR_PROFILE_TYPE, 1, NULL},
    {"EMS_MDB_private", PR_MDB_PROVIDER, 0, "5494A1C0297F101BA58708002B2A2517"},
    {"EMS_MDB_private", PR_DISPLAY_NAME, 0, "Private Folders"},
    {"EMS_MDB_private", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Message Store"},

    {"EMS_DSA", PR_RESOURCE_TYPE, MAPI_AB_PROVIDER, NULL},
    {"EMS_DSA", PR_PROVIDER_DLL_NAME, 0, "EMSABP.DLL"},
    {"EMS_DSA", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_DSA", PR_DISPLAY_NAME, 0, "Microsoft Exchange Directory Service"},
    {"EMS_DSA", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Directory Service"},

    {"EMS_RXP", PR_RESOURCE_TYPE, MAPI_TRANSPORT_PROVIDER, NULL},
    {"EMS_RXP", PR_PROVIDER_DLL_NAME, 0, "EMSUI.DLL"},
    {"EMS_RXP", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_RXP", PR_DISPLAY_NAME, 0, "Microsoft Exchange Remote Transport"},
    {"EMS_RXP", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Remote Transport"},
    {"EMS_RXP", PR_PROFILE_OPEN_FLAGS, 0x40, NULL},
    {"EMS_RXP", PR_PROFILE_TYPE, 0xA, NULL},

    {"EMS_MSX", PR_RESOURCE_TYPE, MAPI_TRANSPORT_PROVIDER, NULL},
    {"EMS_MSX", PR_PROVIDER_DLL_NAME, 0, "EMSMDB.DLL"},
    {"EMS_MSX", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_MSX", PR_DISPLAY_NAME, 0, "Microsoft Exchange Transport"},
    {"EMS_MSX", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Transport"},
    {"EMS_MSX", PR_PROFILE_OPEN_FLAGS, 0, NULL},

    {"EMS_Hook", PR_RESOURCE_TYPE, MAPI_HOOK_PROVIDER, NULL},
    {"EMS_Hook", PR_PROVIDER_DLL_NAME, 0, "EMSMDB.DLL"},
    {"EMS_Hook", PR_SERVICE_INSTALL_ID, 0, INSTALL_ID},
    {"EMS_Hook", PR_RESOURCE_FLAGS, HOOK_INBOUND, NULL},
    {"EMS_Hook", PR_DISPLAY_NAME, 0, "Microsoft Exchange Hook"},
    {"EMS_Hook", PR_PROVIDER_DISPLAY, 0, "Microsoft Exchange Hook"},

    {"MSEMS_MSMail_Section", PR_PROFILE_VERSION, 0x501, NULL},
    {"MSEMS_MSMail_Section", PR_PROFILE_CONFIG_FLAGS, 4, NULL},
    {"MSEMS_MSMail_Section", PR_PROFILE_TRANSPORT_FLAGS, 3, NULL},
    {"MSEMS_MSMail_Section", PR_PROFILE_CONNECT_FLAGS, 2, NULL},
};

static const struct om__describe_service services[] = {
    {"MSEMS", msems_providers, msems_sections, msems_section_uids, msems_props,
     sizeof msems_props / sizeof *msems_props},
};

const struct om__describe_service *om__describe_find(const char *name)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (strcasecmp(services[i].name, name) == 0)
            return &services[i];
    }
    return NULL;
}

uint32_t om__describe_long(const struct om__describe_service *d, const char *section,
                           om_proptag tag)
{
    for (size_t i = 0; i < d->prop_count; i++) {
        if (d->props[i].tag == tag && strcasecmp(d->props[i].section, section) == 0)
            return d->props[i].number;
    }
    return 0;
}

const char *om__describe_names(void)
{
    return "MSEMS";
}
