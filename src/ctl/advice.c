/* What there is to say, and when. */
#include "ctl/advice.h"

#define PROXY "check the proxy of the environment"
/* The bucket stands before the host. */
#define OR_PATH \
	"; where that is right, the store wants the bucket in the path: set " \
	"s3_addressing = path"
/* So it does in the address that consoles show. */
#define WITHOUT \
	"write s3_endpoint without the bucket, unless the store itself is " \
	"called so"
#define TWICE_IN_HOST(hurdle) \
	{hurdle, CLUE_BUCKET_IN_ENDPOINT, WITHOUT, CLUE_IN_HOST}
#define TWICE(code) \
	{0, code, NULL, CLUE_BUCKET_IN_ENDPOINT, WITHOUT}

const struct obstacle advice_obstacles[] = {
    {FETCH_PROXY, CLUE_NONE_NEEDED, PROXY},
    TWICE_IN_HOST(FETCH_NAME),
    {FETCH_NAME, CLUE_IN_HOST, "check @" OR_PATH},
    {FETCH_NAME, CLUE_NONE_NEEDED, "check @"},
    {FETCH_CONNECT, CLUE_NONE_NEEDED, "check @, and what is in between"},
    {FETCH_TIME, CLUE_NONE_NEEDED, "check @, and what is in between"},
    TWICE_IN_HOST(FETCH_TLS),
    {FETCH_TLS, CLUE_IN_HOST, /* a name may be refused before there is TLS */
	"check @: is it https:// on that port, or http://? Where that is "
	"right, the store wants the bucket in the path: set s3_addressing = "
	"path"},
    {FETCH_TLS, CLUE_NONE_NEEDED,
	"check @: is it https:// on that port, or http://?"},
    TWICE_IN_HOST(FETCH_CERT_NAME),
    {FETCH_CERT_NAME, CLUE_IN_HOST,
	"the certificate is for no host with the bucket before it: set "
	"s3_addressing = path"},
    {FETCH_CERT_NAME, CLUE_NONE_NEEDED,
	"the certificate is another host's: check @"},
    {FETCH_CERT, CLUE_NONE_NEEDED,
	"if the certificate is from an authority of your own, give its file "
	"to --cacert"},
    {FETCH_OTHER, CLUE_NONE_NEEDED, "check @: what listens there?"},
    {.advice = NULL},
};

#define EMPTY "it is there, and empty"
#define CLOCK "set this machine's clock, which is $"
#define TIME_IS_WRONG(status, code, phrase) \
	{status, code, phrase, CLUE_CLOCK, CLOCK}, \
	{status, code, phrase, CLUE_NONE_NEEDED, \
	    "the store's clock or this machine's is wrong, and no setting"}
/* so that it is another one's address that is asked for */
#define HAS_DOTS(status) \
	{status, NULL, NULL, CLUE_DOTS, \
	    "clients take /./ and /../ out of an address: use another key"}
#define PAIR "%"
#define UNKNOWN_ID "&"
#define TOKEN "#"
#define MOVED(status) \
	{status, NULL, NULL, CLUE_ENDPOINT, \
	    "the bucket is at $: change s3_endpoint to that", \
	    CLUE_HAS_ENDPOINT}, \
	{status, NULL, NULL, CLUE_ENDPOINT, \
	    "the bucket is at $: set s3_region to that host's region"}
#define MOVED_FAR(status) \
	{status, NULL, NULL, CLUE_OTHER_REGION, \
	    "set s3_region = $ and s3_endpoint to that region's address", \
	    CLUE_HAS_ENDPOINT}

const struct symptom advice_on_clock = {
    0, NULL, NULL, CLUE_CLOCK_IS_WRONG, CLOCK};

const struct symptom advice_of_good[] = {
    {206, NULL, NULL, CLUE_NONE_NEEDED, "the first byte is there"},
    {416, NULL, NULL, CLUE_NONE_NEEDED, EMPTY},
    {200, NULL, NULL, CLUE_NOTHING, EMPTY},
    {200, NULL, NULL, CLUE_NO_PAGE,
	"it is there, and all is sent for the byte that was asked for"},
    {.advice = NULL},
};

const struct symptom advice_of_s3[] = {
    {407, NULL, NULL, CLUE_NONE_NEEDED, PROXY},
    {200, NULL, NULL, CLUE_IN_HOST,
	"a byte was asked for, and a page came: check @" OR_PATH},
    {200, NULL, NULL, CLUE_NONE_NEEDED,
	"a byte was asked for, and a page came: is that the store, and not its "
	"console or a proxy?"},
    /* who looks for the bucket in the wrong place may say anything */
    {0, NULL, NULL, CLUE_BUCKET_FROM_KEY,
	"the store took $, the first part of the key, for the bucket: set "
	"s3_addressing = path"},
    {0, NULL, NULL, CLUE_BUCKET_FROM_HOST,
	"the store took all of the host, $, for the bucket: set "
	"s3_addressing = path"},
    {0, NULL, NULL, CLUE_BUCKET_IS_HOST,
	"the store took its host, $, for the bucket: write the name that it "
	"knows itself by as s3_endpoint, or set s3_addressing = virtual"},
    {0, NULL, NULL, CLUE_BUCKET_IN_KEY,
	"the store took the bucket's name for a part of the key: write "
	"s3_endpoint without the bucket"},
    TIME_IS_WRONG(0, "RequestTimeTooSkewed", NULL),
    TIME_IS_WRONG(0, "AccessDenied", "not yet valid"),
    TIME_IS_WRONG(0, "AccessDenied", "not valid yet"),
    TIME_IS_WRONG(0, "AccessDenied", "has expired"),
    {0, NULL, NULL, CLUE_FAR_REGION,
	"set s3_region = $ and s3_endpoint to that region's address, or drop "
	"s3_endpoint"},
    MOVED_FAR(301),
    MOVED_FAR(307),
    {0, NULL, NULL, CLUE_OTHER_REGION, "set s3_region = $"},
    {0, "InvalidRegionName", NULL, CLUE_NONE_NEEDED, "change s3_region"},
    {0, "AuthorizationHeaderMalformed", "region", CLUE_NONE_NEEDED,
	"change s3_region"},
    {0, "AuthorizationQueryParametersError", "region", CLUE_NONE_NEEDED,
	"change s3_region"},
    {400, NULL, "HTTPS", CLUE_NONE_NEEDED, "write @ with https://"},
    HAS_DOTS(400),
    HAS_DOTS(403),
    HAS_DOTS(404),
    MOVED(301),
    MOVED(307),
    {0, "SignatureDoesNotMatch", NULL, CLUE_OTHER_HOST,
	"the store was asked as $, which is not what was signed: have the "
	"proxy before it pass Host on as it is, or set s3_endpoint to the "
	"address that the store is asked by"},
    {0, "SignatureDoesNotMatch", NULL, CLUE_OTHER_PATH,
	"the path is another one when it comes to the store: have the proxy "
	"before it pass the address on as it is"},
    {0, "SignatureDoesNotMatch", NULL, CLUE_SAME_HOST, PAIR},
    {0, "SignatureDoesNotMatch", NULL, CLUE_NONE_NEEDED,
	PAIR ", or s3_region is wrong, or a proxy before the store does not "
	"pass Host on as it is: then see s3_endpoint"},
    {0, "InvalidAccessKeyId", NULL, CLUE_NO_TOKEN,
	"s3_access_key_id is a temporary key's, which needs its "
	"s3_session_token_file"},
    {0, "InvalidAccessKeyId", NULL, CLUE_NONE_NEEDED, UNKNOWN_ID},
    {0, "InvalidSecurity", NULL, CLUE_NONE_NEEDED, UNKNOWN_ID},
    {401, "Unauthorized", NULL, CLUE_NONE_NEEDED, UNKNOWN_ID},
    {0, "InvalidArgument", "access key", CLUE_NONE_NEEDED, UNKNOWN_ID},
    {0, "ExpiredToken", NULL, CLUE_CLOCK_IS_WRONG, CLOCK},
    {0, "ExpiredToken", NULL, CLUE_NONE_NEEDED, TOKEN},
    {0, "InvalidToken", NULL, CLUE_NONE_NEEDED, TOKEN},
    {0, "TokenRefreshRequired", NULL, CLUE_NONE_NEEDED, TOKEN},
    TWICE("NoSuchBucket"),
    TWICE("NoSuchKey"),
    TWICE("AccessDenied"),
    {0, "NoSuchBucket", NULL, CLUE_IN_HOST,
	"check s3_bucket and @; a store that wants the bucket in the path "
	"needs s3_addressing = path"},
    {0, "NoSuchBucket", NULL, CLUE_NONE_NEEDED, "check s3_bucket and @"},
    {0, "InvalidBucketName", NULL, CLUE_NONE_NEEDED, "check s3_bucket"},
    {0, "NoSuchKey", NULL, CLUE_NONE_NEEDED,
	"the signature is good, there is no such object"},
    {0, "InvalidObjectState", NULL, CLUE_NONE_NEEDED,
	"the object is in an archive: have the store restore it"},
    {0, "AccessDenied", NULL, CLUE_CLOCK_IS_WRONG, CLOCK},
    {0, "AccessDenied", NULL, CLUE_NONE_NEEDED,
	"the access key's owner needs s3:GetObject for the object; who "
	"has no s3:ListBucket is told the same of one that is not there"},
    {0, NULL, NULL, CLUE_ORIGIN,
	"the signature is not for $, where that leads: change @"},
    {0, NULL, NULL, CLUE_BUSY, "try again later"},
    {0, NULL, NULL, CLUE_NO_CODE,
	"no S3 store answers like that: check @" OR_PATH, CLUE_IN_HOST},
    {0, NULL, NULL, CLUE_NO_CODE,
	"no S3 store answers like that: check @"},
    {403, NULL, NULL, CLUE_CLOCK_IS_WRONG, CLOCK},
    {.advice = NULL},
};

const struct symptom advice_of_links[] = {
    {407, NULL, NULL, CLUE_NONE_NEEDED, PROXY},
    {400, NULL, "HTTPS", CLUE_NONE_NEEDED, "write @ with https://"},
    HAS_DOTS(400),
    HAS_DOTS(403),
    HAS_DOTS(404),
    {403, NULL, NULL, CLUE_NONE_NEEDED,
	"compare secure_link_secret_file and the path of secure_link_base "
	"with nginx's secure_link_md5; a file that nginx may not read is "
	"refused too"},
    TIME_IS_WRONG(410, NULL, NULL),
    {404, NULL, NULL, CLUE_NONE_NEEDED,
	"there is no such file: check the key, secure_link_base and nginx's "
	"root"},
    {0, NULL, NULL, CLUE_ORIGIN, "that leads to $: change @"},
    {0, NULL, NULL, CLUE_BUSY, "try again later"},
    {0, NULL, NULL, CLUE_NONE_NEEDED, "check @"},
    {.advice = NULL},
};

/* What is wrong with an access key, by where it comes from. */
static const struct {
	char mark;
	const char *of_settings, *of_source;
} keys[] = {
    {'%', "s3_secret_key_file has not the secret of s3_access_key_id",
	"the secret is not the access key's, and both come from the source "
	"that credentials names"},
    {'&', "the store does not know s3_access_key_id",
	"the store does not know the access key of the source that credentials "
	"names"},
    {'#', "a temporary key has its own s3_session_token_file, which ends with "
	"it; a lasting key has none",
	"the session token of the source that credentials names has ended, or "
	"is another key's"},
};

const char *
advice_on_key(char mark, bool is_static)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].mark == mark)
			return is_static ? keys[i].of_settings
					 : keys[i].of_source;
	return NULL;
}
