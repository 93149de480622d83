/* SPDX-License-Identifier: MIT */
#include "lab/org.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/guid.h"
#include "base/mem.h"
#include "base/utf16.h"

#define PRIVATE_MDB "/cn=Microsoft Private MDB"
#define SERVERS_DN  LAB_ORG_DN "/cn=Configuration/cn=Servers/cn="

/* ---- the people and the machines ---- */

static const struct lab_server server_table[] = {
    {"EX2010", "ex2010.contoso.test", 2010, {14, 3, 123, 3}, false, NULL},
    {"EX2013", "ex2013.contoso.test", 2013, {15, 0, 847, 32}, true, NULL},
};

struct person {
    const char *alias, *given, *surname, *display; /* display NULL: "given surname" */
    unsigned age;                                  /* of the mailbox's server; 0: no mailbox */
    enum lab_kind kind;
    const char *smtp; /* NULL: alias@contoso.test */
    const char *title, *department;
    bool hidden, full_access;
};

static const struct person person_table[] = {
    {"alice", "Alice", "Adams", NULL, 2013, LAB_MAILBOX, NULL, "Engineer", "Research", 0, 0},
    {"bob", "Bob", "Brown", NULL, 2010, LAB_MAILBOX, NULL, "Engineer", "Support", 0, 0},
    {"admin", "Ada", "Admin", "Administrator", 2013, LAB_MAILBOX, NULL, NULL, "IT", 0, 1},
    {"mallory", "Mallory", "Marsh", NULL, 2013, LAB_MAILBOX, NULL, "Auditor", "Finance", 0, 0},
    {"erin", "Erin", "Evans", NULL, 2010, LAB_MAILBOX, NULL, "Clerk", "Finance", 0, 0},
    {"frank", "Frank", "Fischer", NULL, 2013, LAB_MAILBOX, NULL, "Driver", "Logistics", 0, 0},
    {"zoe", "Zoë", "Ångström", NULL, 2010, LAB_MAILBOX, NULL, "Physicist", "Research", 0, 0},
    {"juergen", "Jürgen", "Müller", NULL, 2013, LAB_MAILBOX, NULL, "Leiter", "Vertrieb", 0, 0},
    {"taro", "太郎", "山田", "山田 太郎", 2010, LAB_MAILBOX, NULL, NULL, "営業部", 0, 0},
    /* The ambiguous pair. */
    {"csmith", "Chris", "Smith", "Chris Smith (Sales)", 2013, LAB_MAILBOX, NULL, NULL, "Sales", 0,
     0},
    {"csmith2", "Chris", "Smith", "Chris Smith (Support)", 2010, LAB_MAILBOX, NULL, NULL, "Support",
     0, 0},
    {"shadow", "Sam", "Shadow", NULL, 2013, LAB_MAILBOX, NULL, NULL, NULL, 1, 0},
    {"pat", "Pat", "Partner", NULL, 0, LAB_CONTACT, "pat@fabrikam.test", "Buyer", "Fabrikam", 0, 0},
    {"staff", NULL, NULL, "All Staff", 0, LAB_LIST, NULL, NULL, NULL, 0, 0},
};

/* Full Access beyond one's own: who, to whose mailbox. */
static const struct {
    const char *who, *mailbox;
} delegate_table[] = {
    {"alice", "bob"},
    {"bob", "alice"},
};

static const char *const given_names[] = {
    "Aaron",  "Agnes", "Amir",  "Ana",   "Anja",   "Ben",   "Björn", "Carla", "Chloé",
    "Daniel", "Dora",  "Elena", "Emil",  "Fatima", "Felix", "Gita",  "Grace", "Hannah",
    "Hugo",   "Ines",  "Ivan",  "Jana",  "Jonas",  "Karin", "Kofi",  "Lena",  "Luis",
    "Maja",   "Marco", "Nadia", "Niels", "Olga",   "Oscar", "Paula", "Pedro", "Rosa",
    "Samuel", "Tara",  "Tomáš", "Ulla",  "Viktor", "Wanda", "Yusuf",
};

static const char *const surnames[] = {
    "Abbott",   "Andersen", "Bauer",  "Becker",  "Blanc",    "Carter", "Costa",
    "Dahl",     "Diaz",     "Dubois", "Fiala",   "Garcia",   "Gómez",  "Hansen",
    "Hoffmann", "Ibrahim",  "Jansen", "Jensen",  "Keller",   "Kovács", "Larsen",
    "Lopez",    "Mancini",  "Meyer",  "Morel",   "Nagy",     "Novak",  "O'Brien",
    "Okafor",   "Olsen",    "Patel",  "Pereira", "Quinn",    "Reyes",  "Rossi",
    "Sato",     "Schmidt",  "Silva",  "Singh",   "Svensson", "Taylor", "Turner",
    "Varga",    "Weber",    "White",  "Yilmaz",  "Young",    "Zhang",  "Zimmermann",
};

static const char *const departments[] = {"Finance",  "IT",    "Logistics",
                                          "Research", "Sales", "Support"};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* ---- text ---- */

static char *format(const char *fmt, ...) OM_PRINTF(1, 2);

static char *format(const char *fmt, ...)
{
    char *out = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&out, fmt, ap);
    va_end(ap);
    return n < 0 ? NULL : out;
}

/* Runs of spaces become one, at the ends none. In place. */
static void squeeze(char *s)
{
    char *to = s;

    for (const char *from = s; *from; from++)
        if (*from != ' ' || (to > s && to[-1] != ' '))
            *to++ = *from;
    if (to > s && to[-1] == ' ')
        to--;
    *to = '\0';
}

/* UTF-16 is the form in which every letter with a simple lower case is one unit (but for a few
 * scripts). */
static void fold_units(uint8_t *p, size_t n)
{
    locale_t loc = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

    for (size_t i = 0; i + 1 < n; i += 2) {
        wint_t c = (wint_t)(p[i] | p[i + 1] << 8);
        wint_t low = loc ? towlower_l(c, loc) : towlower(c);

        if (low > 0xFFFF)
            continue;
        p[i] = (uint8_t)low;
        p[i + 1] = (uint8_t)(low >> 8);
    }
    if (loc)
        freelocale(loc);
}

static char *fold_unicode(const char *text)
{
    size_t n = om__utf8_to_utf16_size(text);
    uint8_t *wide = malloc(n + 2);
    char *out = NULL;

    if (!wide)
        return NULL;
    om__utf8_to_utf16(text, wide);
    fold_units(wide, n);
    out = malloc(om__utf16_to_utf8_size(wide, n) + 1);
    if (out) {
        om__utf16_to_utf8(wide, n, out);
        out[om__utf16_to_utf8_size(wide, n)] = '\0';
    }
    free(wide);
    return out;
}

/* ASCII, which is nearly everything, needs no locale. */
static char *fold_ascii(const char *text)
{
    char *out = strdup(text);

    for (char *c = out; out && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return out;
}

char *lab_fold(const char *text)
{
    bool ascii = true;
    char *out;

    for (const char *c = text; *c; c++)
        ascii = ascii && (signed char)*c > 0;
    out = ascii ? fold_ascii(text) : fold_unicode(text);
    if (out)
        squeeze(out);
    return out;
}

/* ---- the index: each name an entry goes by, folded and sorted ---- */

enum key_kind { KEY_ALIAS, KEY_SMTP, KEY_DN, KEY_GUID, KEY_KINDS };

struct key {
    char *name;
    const struct lab_user *user;
};

struct lab_org_index {
    struct keys {
        struct key *v;
        size_t count;
    } keys[KEY_KINDS];
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static const struct lab_user *find(const struct lab_org *org, enum key_kind kind, const char *name)
{
    const struct keys *keys = &org->index->keys[kind];
    struct key want = {name ? lab_fold(name) : NULL, NULL};
    const struct key *hit;

    if (!want.name)
        return NULL;
    hit = bsearch(&want, keys->v, keys->count, sizeof keys->v[0], compare_keys);
    free(want.name);
    return hit ? hit->user : NULL;
}

static bool add_key(struct keys *keys, const struct lab_user *user, const char *name)
{
    if (!name)
        return true;
    keys->v[keys->count].name = lab_fold(name);
    if (!keys->v[keys->count].name)
        return false;
    keys->v[keys->count++].user = user;
    return true;
}

static bool index_user(struct lab_org_index *index, const struct lab_user *u)
{
    char guid[OM_GUID_TEXT];

    om__guid_format(&u->guid, guid);
    return add_key(&index->keys[KEY_ALIAS], u, u->alias) &&
           add_key(&index->keys[KEY_SMTP], u, u->smtp) &&
           add_key(&index->keys[KEY_SMTP], u, u->smtp2) &&
           add_key(&index->keys[KEY_DN], u, u->legacy_dn) &&
           add_key(&index->keys[KEY_GUID], u, guid);
}

static bool build_index(struct lab_org *org)
{
    org->index = calloc(1, sizeof *org->index);
    if (!org->index)
        return false;
    for (unsigned k = 0; k < KEY_KINDS; k++) {
        org->index->keys[k].v = calloc(org->user_count * 2, sizeof(struct key));
        if (!org->index->keys[k].v)
            return false;
    }
    for (size_t i = 0; i < org->user_count; i++)
        if (!index_user(org->index, &org->users[i]))
            return false;
    for (unsigned k = 0; k < KEY_KINDS; k++)
        qsort(org->index->keys[k].v, org->index->keys[k].count, sizeof(struct key), compare_keys);
    return true;
}

/* ---- the Global Address List: by display name, then alias ---- */

int lab_org_compare(const struct lab_user *a, const struct lab_user *b)
{
    int order = strcmp(a->sort_key, b->sort_key);

    return order ? order : strcmp(a->alias, b->alias);
}

static int compare_display(const void *a, const void *b)
{
    return lab_org_compare(*(struct lab_user *const *)a, *(struct lab_user *const *)b);
}

static const struct {
    uint32_t mid;
    const char *name;
    enum lab_kind kind;
} list_table[LAB_LISTS] = {
    [LAB_LIST_GAL] = {0, NULL, LAB_MAILBOX},
    [LAB_LIST_USERS] = {0xFFFFFFF1u, "All Users", LAB_MAILBOX},
    [LAB_LIST_GROUPS] = {0xFFFFFFF2u, "All Groups", LAB_LIST},
    [LAB_LIST_CONTACTS] = {0xFFFFFFF3u, "All Contacts", LAB_CONTACT},
};

static struct om_guid guid_of_name(const char *name);

/* The GAL itself, and the parts of it by kind. */
static bool build_lists(struct lab_org *org)
{
    for (unsigned i = 0; i < LAB_LISTS; i++) {
        struct lab_list *l = &org->lists[i];

        l->mid = list_table[i].mid;
        l->name = list_table[i].name;
        l->guid = guid_of_name(l->name ? l->name : "Global Address List");
        l->entries =
            i == LAB_LIST_GAL ? org->gal : calloc(org->user_count, sizeof(struct lab_user *));
        if (!l->entries)
            return false;
        for (size_t k = 0; i != LAB_LIST_GAL && k < org->gal_count; k++)
            if (org->gal[k]->kind == list_table[i].kind)
                l->entries[l->count++] = org->gal[k];
    }
    org->lists[LAB_LIST_GAL].count = org->gal_count;
    return true;
}

static bool build_gal(struct lab_org *org)
{
    org->gal = calloc(org->user_count, sizeof(struct lab_user *));
    if (!org->gal)
        return false;
    for (size_t i = 0; i < org->user_count; i++) {
        struct lab_user *u = &org->users[i];

        u->row = UINT32_MAX;
        u->sort_key = lab_fold(u->display_name);
        if (!u->sort_key)
            return false;
        if (!u->hidden)
            org->gal[org->gal_count++] = u;
    }
    qsort(org->gal, org->gal_count, sizeof(struct lab_user *), compare_display);
    for (size_t i = 0; i < org->gal_count; i++)
        org->gal[i]->row = (uint32_t)i;
    return true;
}

/* ---- one entry ---- */

/* The same name has the same GUID each time: an FNV-1a hash in the form of RFC 9562 5.8 (version
 * 8). */
static struct om_guid guid_of_name(const char *name)
{
    uint64_t h[2] = {0xCBF29CE484222325u, 0x84222325CBF29CE4u};
    struct om_guid g;

    for (const char *c = name; *c; c++)
        for (int i = 0; i < 2; i++)
            h[i] = (h[i] ^ (uint8_t)*c) * 0x100000001B3u;
    g.data1 = (uint32_t)(h[0] >> 32);
    g.data2 = (uint16_t)(h[0] >> 16);
    g.data3 = (uint16_t)((h[0] & 0x0FFF) | 0x8000);
    for (int i = 0; i < 8; i++)
        g.data4[i] = (uint8_t)(h[1] >> (8 * i));
    g.data4[0] = (uint8_t)((g.data4[0] & 0x3F) | 0x80);
    return g;
}

static char *random_password(void)
{
    uint8_t bytes[12];
    char *out = malloc(2 * sizeof bytes + 1);

    if (out && om__random(bytes, sizeof bytes)) {
        om__hex_format(bytes, sizeof bytes, false, out);
        return out;
    }
    free(out);
    return NULL;
}

/* Where a mailbox is, in the two forms of name: a host's, or from 2013 on the mailbox's own. */
static bool place(struct lab_user *u)
{
    char guid[OM_GUID_TEXT];

    om__guid_format(&u->guid, guid);
    if (!u->server)
        return true;
    u->personal_id = format("%s@%s", guid, LAB_DOMAIN);
    if (!u->personal_id)
        return false;
    u->server_id = strdup(u->server->personalized ? u->personal_id : u->server->host);
    u->home_mdb = format("%s%s%s", SERVERS_DN,
                         u->server->personalized ? u->personal_id : u->server->name, PRIVATE_MDB);
    return u->server_id && u->home_mdb;
}

/* Newer servers put 32 digits before the alias, older ones the alias alone. */
static char *legacy_dn(const struct lab_user *u)
{
    const char *recipients = LAB_ORG_DN "/cn=Recipients/cn=";
    char digits[33];

    if (!u->server || !u->server->personalized)
        return format("%s%s", recipients, u->alias);
    om__hex_format(u->guid.data4, 8, false, digits);
    return format("%s%08x%04x%04x%s-%s", recipients, u->guid.data1 ^ 0x5A5A5A5Au, u->guid.data3,
                  u->guid.data2, digits, u->alias);
}

static const struct lab_server *server_of_age(const struct lab_org *org, unsigned age)
{
    for (size_t i = 0; i < org->server_count; i++)
        if (org->servers[i].age == age)
            return &org->servers[i];
    return NULL;
}

static bool copy_optional(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return *to || !from;
}

static bool fill_person(const struct lab_org *org, struct lab_user *u, const struct person *p)
{
    u->kind = p->kind;
    u->hidden = p->hidden;
    u->full_access = p->full_access;
    u->server = server_of_age(org, p->age);
    u->guid = guid_of_name(p->alias);
    u->alias = strdup(p->alias);
    u->smtp = p->smtp ? strdup(p->smtp) : format("%s@%s", p->alias, LAB_DOMAIN);
    u->display_name = p->display ? strdup(p->display) : format("%s %s", p->given, p->surname);
    if (!u->alias || !u->smtp || !u->display_name)
        return false;
    u->legacy_dn = legacy_dn(u);
    u->phone = format("+1 425 555 %04u", 100 + u->mid);
    if (!u->legacy_dn || !u->phone || !place(u))
        return false;
    if (p->kind == LAB_MAILBOX) {
        u->smtp2 = format("%s@mail.%s", p->alias, LAB_DOMAIN);
        u->password = random_password();
        if (!u->smtp2 || !u->password)
            return false;
    }
    return copy_optional(&u->given_name, p->given) && copy_optional(&u->surname, p->surname) &&
           copy_optional(&u->title, p->title) && copy_optional(&u->department, p->department);
}

/* The nth generated colleague: a mailbox on either server, whom nobody logs on as. */
static bool fill_generated(const struct lab_org *org, struct lab_user *u, size_t n)
{
    const char *given = given_names[n % LENGTH(given_names)];
    const char *surname = surnames[(n / LENGTH(given_names) + n) % LENGTH(surnames)];
    size_t round = n / (LENGTH(given_names) * LENGTH(surnames));

    u->kind = LAB_MAILBOX;
    u->server = &org->servers[n % org->server_count];
    u->given_name = strdup(given);
    u->surname = strdup(surname);
    u->alias = format("u%05zu", n);
    u->smtp = format("u%05zu@%s", n, LAB_DOMAIN);
    u->display_name = round ? format("%s %c. %s", given, (int)('A' + (round - 1) % 26), surname)
                            : format("%s %s", given, surname);
    u->phone = format("+1 425 556 %05zu", n);
    u->department = strdup(departments[n % LENGTH(departments)]);
    if (!u->given_name || !u->surname || !u->alias || !u->smtp || !u->display_name || !u->phone ||
        !u->department)
        return false;
    u->guid = guid_of_name(u->alias);
    u->legacy_dn = legacy_dn(u);
    return u->legacy_dn && place(u);
}

/* ---- the whole ---- */

static bool build_servers(struct lab_org *org)
{
    org->servers = calloc(LENGTH(server_table), sizeof *org->servers);
    if (!org->servers)
        return false;
    org->server_count = LENGTH(server_table);
    for (size_t i = 0; i < org->server_count; i++) {
        org->servers[i] = server_table[i];
        org->servers[i].dn = format("%s%s", SERVERS_DN, server_table[i].name);
        if (!org->servers[i].dn)
            return false;
    }
    return true;
}

static bool build_users(struct lab_org *org, size_t gal)
{
    org->users = calloc(LENGTH(person_table) + gal, sizeof *org->users);
    if (!org->users)
        return false;
    org->user_count = LENGTH(person_table) + gal;
    for (size_t i = 0; i < org->user_count; i++) {
        struct lab_user *u = &org->users[i];

        u->mid = LAB_MID_FIRST + (uint32_t)i;
        if (i < LENGTH(person_table) ? !fill_person(org, u, &person_table[i])
                                     : !fill_generated(org, u, i - LENGTH(person_table)))
            return false;
    }
    return true;
}

struct lab_org *lab_org_new(size_t gal)
{
    struct lab_org *org = calloc(1, sizeof *org);

    if (org && build_servers(org) && build_users(org, gal) && build_gal(org) && build_lists(org) &&
        build_index(org))
        return org;
    lab_org_free(org);
    return NULL;
}

static void free_user(struct lab_user *u)
{
    char **owned[] = {&u->alias,      &u->smtp,      &u->smtp2,     &u->display_name,
                      &u->given_name, &u->surname,   &u->title,     &u->department,
                      &u->phone,      &u->legacy_dn, &u->server_id, &u->personal_id,
                      &u->home_mdb,   &u->sort_key};

    for (size_t i = 0; i < LENGTH(owned); i++)
        free(*owned[i]);
    if (u->password)
        om__wipe(u->password, strlen(u->password));
    free(u->password);
}

void lab_org_free(struct lab_org *org)
{
    if (!org)
        return;
    for (unsigned k = 0; org->index && k < KEY_KINDS; k++) {
        for (size_t i = 0; i < org->index->keys[k].count; i++)
            free(org->index->keys[k].v[i].name);
        free(org->index->keys[k].v);
    }
    for (size_t i = 0; i < org->user_count; i++)
        free_user(&org->users[i]);
    for (size_t i = 0; i < org->server_count; i++)
        free(org->servers[i].dn);
    for (unsigned i = LAB_LIST_GAL + 1; i < LAB_LISTS; i++)
        free(org->lists[i].entries);
    free(org->index);
    free(org->gal);
    free(org->users);
    free(org->servers);
    free(org);
}

/* ---- lookups ---- */

const struct lab_user *lab_org_by_mid(const struct lab_org *org, uint32_t mid)
{
    return mid >= LAB_MID_FIRST && mid - LAB_MID_FIRST < org->user_count
               ? &org->users[mid - LAB_MID_FIRST]
               : NULL;
}

const struct lab_user *lab_org_by_alias(const struct lab_org *org, const char *alias)
{
    return find(org, KEY_ALIAS, alias);
}

const struct lab_user *lab_org_by_smtp(const struct lab_org *org, const char *address)
{
    return find(org, KEY_SMTP, address);
}

const struct lab_user *lab_org_by_dn(const struct lab_org *org, const char *dn)
{
    return find(org, KEY_DN, dn);
}

const struct lab_user *lab_org_by_guid(const struct lab_org *org, const struct om_guid *guid)
{
    char text[OM_GUID_TEXT];

    om__guid_format(guid, text);
    return find(org, KEY_GUID, text);
}

const struct lab_user *lab_org_by_login(const struct lab_org *org, const char *user,
                                        const char *domain)
{
    const char *slash = user ? strchr(user, '\\') : NULL;
    const struct lab_user *u;

    if (!user)
        return NULL;
    if (slash && (!domain || !*domain)) {
        if ((size_t)(slash - user) != strlen(LAB_NETBIOS) ||
            strncasecmp(user, LAB_NETBIOS, strlen(LAB_NETBIOS)) != 0)
            return NULL;
        user = slash + 1;
    } else if (domain && *domain && strcasecmp(domain, LAB_NETBIOS) != 0 &&
               strcasecmp(domain, LAB_DOMAIN) != 0) {
        return NULL;
    }
    u = strchr(user, '@') ? lab_org_by_smtp(org, user) : lab_org_by_alias(org, user);
    return u && u->password ? u : NULL;
}

const struct lab_user *lab_org_by_server_id(const struct lab_org *org, const char *id)
{
    const char *at = id ? strchr(id, '@') : NULL;
    char guid[OM_GUID_TEXT];
    const struct lab_user *u;

    if (!at || at - id != OM_GUID_TEXT - 1 || strcasecmp(at + 1, LAB_DOMAIN) != 0)
        return NULL;
    memcpy(guid, id, OM_GUID_TEXT - 1);
    guid[OM_GUID_TEXT - 1] = '\0';
    u = find(org, KEY_GUID, guid);
    return u && u->server ? u : NULL;
}

/* The bare name in a server's DN, which may be an MDB's: its length in *n, NULL when this is no
 * such DN. */
static const char *name_in_dn(const char *dn, size_t *n)
{
    const char *name = dn + strlen(SERVERS_DN), *rest;

    if (strncasecmp(dn, SERVERS_DN, strlen(SERVERS_DN)) != 0)
        return NULL;
    *n = strcspn(name, "/");
    rest = name + *n;
    return *n && (!*rest || strcasecmp(rest, PRIVATE_MDB) == 0) ? name : NULL;
}

static const struct lab_server *personalized_server(const struct lab_org *org)
{
    for (size_t i = 0; i < org->server_count; i++)
        if (org->servers[i].personalized)
            return &org->servers[i];
    return NULL;
}

/* A name that is no DN, of n bytes. *fqdn is what it is called in full; NULL when it is no
 * server's. */
static const struct lab_server *server_named(const struct lab_org *org, const char *name, size_t n,
                                             const char **fqdn)
{
    const struct lab_user *u;
    char bare[128];

    if (!n || n >= sizeof bare)
        return NULL;
    memcpy(bare, name, n);
    bare[n] = '\0';
    u = lab_org_by_server_id(org, bare);
    if (u) {
        *fqdn = u->personal_id;
        return u->server->personalized ? u->server : personalized_server(org);
    }
    for (size_t i = 0; i < org->server_count; i++) {
        *fqdn = org->servers[i].host;
        if (strcasecmp(bare, org->servers[i].host) == 0 ||
            strcasecmp(bare, org->servers[i].name) == 0)
            return &org->servers[i];
    }
    return NULL;
}

const struct lab_server *lab_org_server(const struct lab_org *org, const char *name)
{
    size_t n = name ? strlen(name) : 0;
    const char *fqdn;

    if (name && *name == '/' && !(name = name_in_dn(name, &n)))
        return NULL;
    return server_named(org, name, n, &fqdn);
}

const char *lab_org_fqdn(const struct lab_org *org, const char *server_dn)
{
    const char *fqdn = NULL, *name;
    size_t n = 0;

    name = server_dn ? name_in_dn(server_dn, &n) : NULL;
    return name && server_named(org, name, n, &fqdn) ? fqdn : NULL;
}

char *lab_org_home_dn(const struct lab_user *mailbox, const struct lab_server *server,
                      struct om_arena *a)
{
    const char *name = server->personalized ? mailbox->personal_id : server->name;
    size_t n = strlen(SERVERS_DN) + strlen(name) + 1;
    char *dn = om__arena_alloc(a, n);

    if (dn)
        snprintf(dn, n, "%s%s", SERVERS_DN, name);
    return dn;
}

bool lab_org_may_open(const struct lab_org *org, const struct lab_user *who,
                      const struct lab_user *mailbox)
{
    if (!who || !mailbox)
        return false;
    if (who == mailbox || who->full_access)
        return true;
    for (size_t i = 0; i < LENGTH(delegate_table); i++)
        if (lab_org_by_alias(org, delegate_table[i].who) == who &&
            lab_org_by_alias(org, delegate_table[i].mailbox) == mailbox)
            return true;
    return false;
}
