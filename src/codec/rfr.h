/* SPDX-License-Identifier: MIT */
/*
 * The referral interface: which address book server to use, and the host behind a server's DN.
 * [MS-OXABREF] 3.1.4. Functions and conventions are those of codec/nspi.h.
 */
#ifndef OM_CODEC_RFR_H
#define OM_CODEC_RFR_H

#include "codec/ndr.h"

/* The interface: 1544F5E0-613C-11D1-93DF-00C04FD7BD09, version 1.0 */
#define OM_RFR_UUID                                                                                \
    {                                                                                              \
        0x1544F5E0, 0x613C, 0x11D1,                                                                \
        {                                                                                          \
            0x93, 0xDF, 0x00, 0xC0, 0x4F, 0xD7, 0xBD, 0x09                                         \
        }                                                                                          \
    }
#define OM_RFR_VERSION_MAJOR 1
#define OM_RFR_VERSION_MINOR 0

enum om__rfr_opnum { OM_RFR_GET_NEW_DSA = 0, OM_RFR_GET_FQDN = 1 };

/*
 * [in,out,unique,string] unsigned char **: two pointers. Not `present`: the outer one is NULL, and
 * then the server has nowhere to put its answer; s NULL: the inner one is.
 */
struct om__rfr_string {
    bool present;
    const char *s;
};

/* --- RfrGetNewDSA (opnum 0), 3.1.4.1 --- */
struct om__rfr_get_new_dsa_req {
    uint32_t flags;
    const char *user_dn; /* "" when there is none */
    struct om__rfr_string unused;
    struct om__rfr_string server; /* a client sends {true, ""} */
};
struct om__rfr_get_new_dsa_resp {
    struct om__rfr_string unused;
    struct om__rfr_string server; /* host, or personalized server id */
    uint32_t code;
};
void om__rfr_wr_get_new_dsa_req(struct om_wr *w, const struct om__rfr_get_new_dsa_req *m);
void om__rfr_rd_get_new_dsa_req(struct om_rd *r, struct om_arena *a,
                                struct om__rfr_get_new_dsa_req *m);
void om__rfr_wr_get_new_dsa_resp(struct om_wr *w, const struct om__rfr_get_new_dsa_resp *m);
void om__rfr_rd_get_new_dsa_resp(struct om_rd *r, struct om_arena *a,
                                 struct om__rfr_get_new_dsa_resp *m);

/* --- RfrGetFQDNFromServerDN (opnum 1), 3.1.4.2. The DN has 10 to 1024 bytes with its NUL. --- */
struct om__rfr_get_fqdn_req {
    uint32_t flags;
    const char *server_dn;
};
struct om__rfr_get_fqdn_resp {
    const char *fqdn; /* or NULL */
    uint32_t code;
};
void om__rfr_wr_get_fqdn_req(struct om_wr *w, const struct om__rfr_get_fqdn_req *m);
void om__rfr_rd_get_fqdn_req(struct om_rd *r, struct om_arena *a, struct om__rfr_get_fqdn_req *m);
void om__rfr_wr_get_fqdn_resp(struct om_wr *w, const struct om__rfr_get_fqdn_resp *m);
void om__rfr_rd_get_fqdn_resp(struct om_rd *r, struct om_arena *a, struct om__rfr_get_fqdn_resp *m);

/* Every message, for tables of them: name and structure. */
#define OM_RFR_MESSAGES(X)                                                                         \
    X(get_new_dsa_req, om__rfr_get_new_dsa_req)                                                    \
    X(get_new_dsa_resp, om__rfr_get_new_dsa_resp)                                                  \
    X(get_fqdn_req, om__rfr_get_fqdn_req)                                                          \
    X(get_fqdn_resp, om__rfr_get_fqdn_resp)

#endif
