/*
 * What a Cryptlet in C includes: the wall (enclave-sim/protocol/cryptlet.wit), strict JSON that keeps numbers as text, and
 * fixed-point decimals. One header, freestanding, no libc. Include it in one file, which defines cryptlet_run.
 *
 *     #include "cryptlet.h"
 *     void cryptlet_run(const cryptlet_json *trigger, cryptlet_writer *outcome) {
 *         const cryptlet_json *answer = cryptlet_call("{\"op\":\"time.now\"}");
 *         cryptlet_put(outcome, "{\"ok\":{\"observation\":…}}");
 *     }
 */
#ifndef CRYPTLET_H
#define CRYPTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory: an instance serves one run, so nothing is given back ---- */

extern unsigned char __heap_base;
static uintptr_t cryptlet_heap_next = 0;

static void *cryptlet_allocate(size_t size) {
    if (cryptlet_heap_next == 0) cryptlet_heap_next = (uintptr_t)&__heap_base;
    uintptr_t start = (cryptlet_heap_next + 15) & ~(uintptr_t)15;
    uintptr_t end = start + size;
    uintptr_t have = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
    if (end < start) __builtin_trap();
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (size_t)-1) __builtin_trap();
    cryptlet_heap_next = end;
    return (void *)start;
}

/* The compiler may call these for assignments and comparisons of its own. */
void *memcpy(void *to, const void *from, size_t count) {
    unsigned char *target = to;
    const unsigned char *source = from;
    while (count--) *target++ = *source++;
    return to;
}
void *memset(void *to, int value, size_t count) {
    unsigned char *target = to;
    while (count--) *target++ = (unsigned char)value;
    return to;
}
int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *a = left, *b = right;
    for (; count--; a++, b++)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}

/* ---- text ---- */

typedef struct {
    const char *at;
    size_t length;
} cryptlet_text;

static cryptlet_text cryptlet_words(const char *words) {
    size_t length = 0;
    while (words[length]) length++;
    return (cryptlet_text){words, length};
}

static bool cryptlet_same(cryptlet_text a, cryptlet_text b) {
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* A text that grows. */
typedef struct {
    char *at;
    size_t length, room;
} cryptlet_writer;

static void cryptlet_put_bytes(cryptlet_writer *writer, const char *bytes, size_t count) {
    if (writer->length + count > writer->room) {
        size_t room = (writer->length + count) * 2 + 256;
        char *grown = cryptlet_allocate(room);
        memcpy(grown, writer->at, writer->length);
        writer->at = grown;
        writer->room = room;
    }
    memcpy(writer->at + writer->length, bytes, count);
    writer->length += count;
}

/* Text as it is. */
static void cryptlet_put(cryptlet_writer *writer, const char *words) {
    cryptlet_text text = cryptlet_words(words);
    cryptlet_put_bytes(writer, text.at, text.length);
}

/* Text as a JSON string, quotes and all. */
static void cryptlet_put_text(cryptlet_writer *writer, cryptlet_text text) {
    static const char hex[] = "0123456789abcdef";
    cryptlet_put(writer, "\"");
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.at[at];
        if (byte == '"' || byte == '\\') {
            char escape[2] = {'\\', (char)byte};
            cryptlet_put_bytes(writer, escape, 2);
        } else if (byte < 0x20) {
            char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
            cryptlet_put_bytes(writer, escape, 6);
        } else {
            cryptlet_put_bytes(writer, text.at + at, 1);
        }
    }
    cryptlet_put(writer, "\"");
}

static void cryptlet_put_integer(cryptlet_writer *writer, int64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) cryptlet_put(writer, "-");
    cryptlet_put_bytes(writer, digits + at, sizeof digits - at);
}

/* ---- JSON: RFC 8259 strictly, a key once in an object, at most 32 containers around a value ---- */

typedef enum {
    CRYPTLET_NULL,
    CRYPTLET_FALSE,
    CRYPTLET_TRUE,
    CRYPTLET_NUMBER,
    CRYPTLET_TEXT,
    CRYPTLET_LIST,
    CRYPTLET_OBJECT
} cryptlet_kind;

typedef struct cryptlet_json {
    cryptlet_kind kind;
    /* A number as it was written; a text after unescaping, with unpaired surrogates as three bytes each. */
    cryptlet_text text;
    cryptlet_text key;
    size_t count;
    struct cryptlet_json *first, *next;
} cryptlet_json;

#define CRYPTLET_MAX_DEPTH 32

typedef struct {
    const char *at, *end;
} cryptlet_reader;

static void cryptlet_blanks(cryptlet_reader *reader) {
    while (reader->at < reader->end &&
           (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool cryptlet_skip(cryptlet_reader *reader, char expected) {
    cryptlet_blanks(reader);
    if (reader->at >= reader->end || *reader->at != expected) return false;
    reader->at++;
    return true;
}

static bool cryptlet_digit(const cryptlet_reader *reader) {
    return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool cryptlet_digits(cryptlet_reader *reader) {
    if (!cryptlet_digit(reader)) return false;
    while (cryptlet_digit(reader)) reader->at++;
    return true;
}

static bool cryptlet_read_number(cryptlet_reader *reader, cryptlet_text *text) {
    const char *start = reader->at;
    if (reader->at < reader->end && *reader->at == '-') reader->at++;
    if (cryptlet_digit(reader) && *reader->at == '0') reader->at++;
    else if (!cryptlet_digits(reader)) return false;
    if (reader->at < reader->end && *reader->at == '.') {
        reader->at++;
        if (!cryptlet_digits(reader)) return false;
    }
    if (reader->at < reader->end && (*reader->at == 'e' || *reader->at == 'E')) {
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-')) reader->at++;
        if (!cryptlet_digits(reader)) return false;
    }
    *text = (cryptlet_text){start, (size_t)(reader->at - start)};
    return true;
}

/* Four hex digits; -1 when they are not. */
static int32_t cryptlet_hex(cryptlet_reader *reader) {
    int32_t value = 0;
    if (reader->end - reader->at < 4) return -1;
    for (int count = 0; count < 4; count++) {
        char c = *reader->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

static size_t cryptlet_utf8(char *to, uint32_t point) {
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xc0 | point >> 6);
        to[1] = (char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xe0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 63));
        to[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 63));
    to[2] = (char)(0x80 | (point >> 6 & 63));
    to[3] = (char)(0x80 | (point & 63));
    return 4;
}

/* Behind `\u`: one unit, or both halves of a pair. */
static bool cryptlet_read_unicode(cryptlet_reader *reader, uint32_t *point) {
    int32_t unit = cryptlet_hex(reader);
    if (unit < 0) return false;
    *point = (uint32_t)unit;
    if (unit < 0xd800 || unit > 0xdbff) return true;
    cryptlet_reader ahead = *reader;
    if (ahead.end - ahead.at < 6 || ahead.at[0] != '\\' || ahead.at[1] != 'u') return true;
    ahead.at += 2;
    int32_t low = cryptlet_hex(&ahead);
    if (low < 0xdc00 || low > 0xdfff) return true;
    *point = 0x10000 + (((uint32_t)unit & 0x3ff) << 10) + ((uint32_t)low & 0x3ff);
    *reader = ahead;
    return true;
}

/* At the first character behind the quote. What is unescaped is never longer than what was written. */
static bool cryptlet_read_string(cryptlet_reader *reader, cryptlet_text *text) {
    char *buffer = NULL;
    size_t length = 0;
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at != '"') {
        unsigned char byte = (unsigned char)*reader->at++;
        if (byte < 0x20) return false;
        if (byte != '\\') {
            if (buffer) buffer[length] = (char)byte;
            length++;
            continue;
        }
        if (!buffer) {
            buffer = cryptlet_allocate((size_t)(reader->end - start));
            memcpy(buffer, start, length);
        }
        if (reader->at >= reader->end) return false;
        char escape = *reader->at++;
        uint32_t point;
        switch (escape) {
            case '"': case '\\': case '/': point = (unsigned char)escape; break;
            case 'b': point = '\b'; break;
            case 'f': point = '\f'; break;
            case 'n': point = '\n'; break;
            case 'r': point = '\r'; break;
            case 't': point = '\t'; break;
            case 'u':
                if (!cryptlet_read_unicode(reader, &point)) return false;
                break;
            default: return false;
        }
        length += cryptlet_utf8(buffer + length, point);
    }
    if (reader->at >= reader->end) return false;
    reader->at++;
    *text = (cryptlet_text){buffer ? buffer : start, length};
    return true;
}

static bool cryptlet_word(cryptlet_reader *reader, const char *word) {
    cryptlet_text expected = cryptlet_words(word);
    if ((size_t)(reader->end - reader->at) < expected.length) return false;
    if (memcmp(reader->at, expected.at, expected.length) != 0) return false;
    reader->at += expected.length;
    return true;
}

static cryptlet_json *cryptlet_field(const cryptlet_json *object, const char *name);
static cryptlet_json *cryptlet_field_of(const cryptlet_json *object, cryptlet_text name) {
    if (!object || object->kind != CRYPTLET_OBJECT) return NULL;
    for (cryptlet_json *member = object->first; member; member = member->next)
        if (cryptlet_same(member->key, name)) return member;
    return NULL;
}

static cryptlet_json *cryptlet_read_value(cryptlet_reader *reader, int depth) {
    if (depth > CRYPTLET_MAX_DEPTH) return NULL;
    cryptlet_json *value = cryptlet_allocate(sizeof *value);
    *value = (cryptlet_json){0};
    cryptlet_blanks(reader);
    if (reader->at >= reader->end) return NULL;
    char first = *reader->at;
    if (first == '"') {
        reader->at++;
        value->kind = CRYPTLET_TEXT;
        return cryptlet_read_string(reader, &value->text) ? value : NULL;
    }
    if (first == '{' || first == '[') {
        bool object = first == '{';
        char last = object ? '}' : ']';
        cryptlet_json *tail = NULL;
        value->kind = object ? CRYPTLET_OBJECT : CRYPTLET_LIST;
        reader->at++;
        if (cryptlet_skip(reader, last)) return value;
        do {
            cryptlet_text key = {0};
            if (object) {
                if (!cryptlet_skip(reader, '"') || !cryptlet_read_string(reader, &key)) return NULL;
                if (cryptlet_field_of(value, key) || !cryptlet_skip(reader, ':')) return NULL;
            }
            cryptlet_json *member = cryptlet_read_value(reader, depth + 1);
            if (!member) return NULL;
            member->key = key;
            if (tail) tail->next = member;
            else value->first = member;
            tail = member;
            value->count++;
        } while (cryptlet_skip(reader, ','));
        return cryptlet_skip(reader, last) ? value : NULL;
    }
    if (cryptlet_word(reader, "null")) return value;
    value->kind = CRYPTLET_TRUE;
    if (cryptlet_word(reader, "true")) return value;
    value->kind = CRYPTLET_FALSE;
    if (cryptlet_word(reader, "false")) return value;
    value->kind = CRYPTLET_NUMBER;
    return cryptlet_read_number(reader, &value->text) ? value : NULL;
}

/* NULL for what is not JSON. */
static cryptlet_json *cryptlet_parse(cryptlet_text text) {
    cryptlet_reader reader = {text.at, text.at + text.length};
    cryptlet_json *value = cryptlet_read_value(&reader, 0);
    cryptlet_blanks(&reader);
    return value && reader.at == reader.end ? value : NULL;
}

/* NULL where there is none; takes NULL, so that paths can be walked without asking at each step. */
static cryptlet_json *cryptlet_field(const cryptlet_json *object, const char *name) {
    return cryptlet_field_of(object, cryptlet_words(name));
}
static cryptlet_json *cryptlet_item(const cryptlet_json *list, size_t index) {
    if (!list || list->kind != CRYPTLET_LIST) return NULL;
    cryptlet_json *item = list->first;
    while (item && index--) item = item->next;
    return item;
}
static bool cryptlet_is(const cryptlet_json *value, cryptlet_kind kind) { return value && value->kind == kind; }
static bool cryptlet_says(const cryptlet_json *value, const char *words) {
    return cryptlet_is(value, CRYPTLET_TEXT) && cryptlet_same(value->text, cryptlet_words(words));
}

/* A whole number; zero for what is none. */
static int64_t cryptlet_integer(const cryptlet_json *value) {
    int64_t sum = 0;
    if (!cryptlet_is(value, CRYPTLET_NUMBER)) return 0;
    for (size_t at = 0; at < value->text.length; at++) {
        char c = value->text.at[at];
        if (c < '0' || c > '9' || at > 17) return 0;
        sum = sum * 10 + (c - '0');
    }
    return sum;
}

/* A value as JSON text. */
static void cryptlet_put_json(cryptlet_writer *writer, const cryptlet_json *value) {
    switch (value->kind) {
        case CRYPTLET_NULL: cryptlet_put(writer, "null"); return;
        case CRYPTLET_FALSE: cryptlet_put(writer, "false"); return;
        case CRYPTLET_TRUE: cryptlet_put(writer, "true"); return;
        case CRYPTLET_NUMBER: cryptlet_put_bytes(writer, value->text.at, value->text.length); return;
        case CRYPTLET_TEXT: cryptlet_put_text(writer, value->text); return;
        case CRYPTLET_LIST:
        case CRYPTLET_OBJECT: break;
    }
    bool object = value->kind == CRYPTLET_OBJECT;
    cryptlet_put(writer, object ? "{" : "[");
    for (const cryptlet_json *member = value->first; member; member = member->next) {
        if (member != value->first) cryptlet_put(writer, ",");
        if (object) {
            cryptlet_put_text(writer, member->key);
            cryptlet_put(writer, ":");
        }
        cryptlet_put_json(writer, member);
    }
    cryptlet_put(writer, object ? "}" : "]");
}

/* ---- Fixed: a whole number of 10^-8, below 10^17 in size, so that sums and multiples by 50 fit into 64 bits ---- */

typedef int64_t cryptlet_fixed;
#define CRYPTLET_FIXED_ONE 100000000

/* Reads `-?[0-9]{1,9}(\.[0-9]{1,18})?` and rounds half to even; false for anything else. */
static bool cryptlet_parse_fixed(cryptlet_text text, cryptlet_fixed *fixed) {
    size_t at = 0;
    bool negative = text.length > 0 && text.at[0] == '-';
    if (negative) at++;
    int64_t units = 0;
    size_t whole = 0, fraction = 0;
    for (; at < text.length && text.at[at] >= '0' && text.at[at] <= '9'; at++, whole++) {
        if (whole == 9) return false;
        units = units * 10 + (text.at[at] - '0');
    }
    if (whole == 0) return false;
    int64_t rest = 0, half = 5;
    if (at < text.length) {
        if (text.at[at++] != '.') return false;
        for (; at < text.length && text.at[at] >= '0' && text.at[at] <= '9'; at++, fraction++) {
            if (fraction == 18) return false;
            if (fraction < 8) units = units * 10 + (text.at[at] - '0');
            else {
                rest = rest * 10 + (text.at[at] - '0');
                if (fraction > 8) half *= 10;
            }
        }
        if (fraction == 0 || at != text.length) return false;
    }
    for (size_t missing = fraction; missing < 8; missing++) units *= 10;
    if (rest > half || (rest == half && fraction > 8 && units % 2 != 0)) units++;
    *fixed = negative ? -units : units;
    return true;
}

/* (a + b) / 2, halves to even; for numbers that are not negative. */
static cryptlet_fixed cryptlet_middle(cryptlet_fixed a, cryptlet_fixed b) {
    int64_t sum = a + b, half = sum / 2;
    return sum % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

/* With exactly 8 decimals, in quotes. */
static void cryptlet_put_fixed(cryptlet_writer *writer, cryptlet_fixed fixed) {
    char decimals[8];
    int64_t size = fixed < 0 ? -fixed : fixed;
    int64_t rest = size % CRYPTLET_FIXED_ONE;
    for (int at = 7; at >= 0; at--, rest /= 10) decimals[at] = (char)('0' + rest % 10);
    cryptlet_put(writer, fixed < 0 ? "\"-" : "\"");
    cryptlet_put_integer(writer, size / CRYPTLET_FIXED_ONE);
    cryptlet_put(writer, ".");
    cryptlet_put_bytes(writer, decimals, 8);
    cryptlet_put(writer, "\"");
}

/* ---- the wall ---- */

#define CRYPTLET_IMPORT(name) __attribute__((import_module("cryptlet"), import_name(#name)))
#define CRYPTLET_EXPORT(name) __attribute__((export_name(#name)))

CRYPTLET_IMPORT(host_call) uint32_t cryptlet_host_call(const char *request, size_t length);
CRYPTLET_IMPORT(host_take) void cryptlet_host_take(char *to);
CRYPTLET_IMPORT(host_return) void cryptlet_host_return(const char *outcome, size_t length);

/* One host call; the answer as JSON. */
static cryptlet_json *cryptlet_call_text(cryptlet_text request) {
    size_t length = cryptlet_host_call(request.at, request.length);
    char *answer = cryptlet_allocate(length);
    cryptlet_host_take(answer);
    return cryptlet_parse((cryptlet_text){answer, length});
}
static cryptlet_json *cryptlet_call(const char *request) { return cryptlet_call_text(cryptlet_words(request)); }

/* The author's: reads the trigger and writes the JSON text of a RunOutcome. */
void cryptlet_run(const cryptlet_json *trigger, cryptlet_writer *outcome);

CRYPTLET_EXPORT(cryptlet_abi) int32_t cryptlet_abi(void) { return 1; }
CRYPTLET_EXPORT(cryptlet_alloc) void *cryptlet_alloc(size_t size) { return cryptlet_allocate(size); }
CRYPTLET_EXPORT(cryptlet_handle) int32_t cryptlet_handle(const char *trigger, size_t length) {
    cryptlet_json *parsed = cryptlet_parse((cryptlet_text){trigger, length});
    if (!parsed) return 1;
    cryptlet_writer outcome = {0};
    cryptlet_run(parsed, &outcome);
    cryptlet_host_return(outcome.at, outcome.length);
    return 0;
}

#endif
