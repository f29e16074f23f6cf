/* What stores answer, and which setting is named then. */
#include "ctl/verdict.h"

#include "base/buf.h"
#include "base/scope.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1776254400 };

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"
#define TAIL "<RequestId>4442587FB7D0A2F9</RequestId><HostId>x</HostId></Error>"
#define NO_MATCH \
	"<Code>SignatureDoesNotMatch</Code><Message>The request signature we " \
	"calculated does not match the signature you provided. Check your key " \
	"and signing method.</Message>"
#define NO_MATCH_WORDS \
	"403 SignatureDoesNotMatch: The request signature we calculated does " \
	"not match the signature you provided. Check your key and signing method; "
/* as Amazon, Google and Swift tell it */
#define SEEN(region, path, host) \
	"<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>" \
	"AWS4-HMAC-SHA256\n20260415T120000Z\n20260415/" region \
	"/s3/aws4_request\n0204bf34</StringToSign>" \
	"<SignatureProvided>canary-signature</SignatureProvided>" \
	"<StringToSignBytes>41 57 53</StringToSignBytes><CanonicalRequest>GET\n" \
	path "\nX-Amz-Algorithm=AWS4-HMAC-SHA256&amp;X-Amz-Security-Token=" \
	"canary-token&amp;X-Amz-SignedHeaders=host\nhost:" host \
	"\n\nhost\nUNSIGNED-PAYLOAD</CanonicalRequest>" \
	"<CanonicalRequestBytes>47 45 54</CanonicalRequestBytes>"
#define PAIR "s3_secret_key_file has not the secret of s3_access_key_id"

#define OR_PATH \
	"; where that is right, the store wants the bucket in the path: set " \
	"s3_addressing = path"
#define WITHOUT \
	"write s3_endpoint without the bucket, unless the store itself is " \
	"called so"

static char region[] = "us-east-1", other_region[] = "eu-west-1",
    bucket[] = "media",
    bucket_endpoint[] = "https://media.nyc3.example.org",
    media_endpoint[] = "https://mediastore.example.org",
    amazon_endpoint[] = "https://s3.us-east-1.amazonaws.com",
    endpoint[] = "https://s3.example.org:9000",
    base[] = "https://media.example.org/a",
    id[] = "AKIDEXAMPLE", temporary_id[] = "ASIAEXAMPLE";

static const struct config_store amazon = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
};
static const struct config_store own = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_endpoint = endpoint,
};
/* A console's address of the bucket, and one that is none. */
static const struct config_store twice = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_endpoint = bucket_endpoint,
};
static const struct config_store nearly = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_endpoint = media_endpoint,
};
/* Amazon, by the name of its host. */
static const struct config_store spelt = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_endpoint = amazon_endpoint,
};
static const struct config_store misspelt = {
    .store = STORE_S3, .s3_region = other_region, .s3_bucket = bucket,
    .s3_endpoint = amazon_endpoint,
};
static const struct config_store fetched = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .credentials = CREDENTIALS_IMDS,
};
static const struct config_store automatic = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .credentials = CREDENTIALS_AUTO,
};
static const struct config_store automatic_own = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .credentials = CREDENTIALS_AUTO, .s3_access_key_id = id,
};
static const struct config_store temporary = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_access_key_id = temporary_id,
};
static const struct config_store with_token = {
    .store = STORE_S3, .s3_region = region, .s3_bucket = bucket,
    .s3_access_key_id = temporary_id, .s3_session_token_file = base,
};
static const struct config_store disk = {
    .store = STORE_SECURE_LINK, .secure_link_base = base,
};

#define QUERY "?X-Amz-Signature=canary-url"
#define VIRTUAL "https://media.s3.us-east-1.amazonaws.com/out/1.png" QUERY
#define SPELT VIRTUAL
#define TWICE_PATH "https://media.nyc3.example.org/media/out/1.png" QUERY
#define TWICE_VIRTUAL \
	"https://media.media.nyc3.example.org/out/1.png" QUERY
#define NEARLY "https://mediastore.example.org/media/out/1.png" QUERY
#define OWN_VIRTUAL "https://media.s3.example.org:9000/out/1.png" QUERY
#define OWN_PATH "https://s3.example.org:9000/media/out/1.png" QUERY
#define TOKEN_URL OWN_PATH \
	"-of-a-token&X-Amz-Security-Token=canary%2Ba%2Fpair%3Dwith-a-canary"
#define LINK "https://media.example.org/a/out/1.png?md5=canary-url&expires=9"

struct exchange {
	const char *name;
	const struct config_store *store;
	const char *url;
	int status;
	const char *body;
	const char *want; /* all of it */
	/* headers */
	const char *region, *location;
	int ahead_s;      /* our clock; 0: right */
	bool has_no_date;
	const char *key;  /* NULL: out/1.png */
};

static struct arena arena;

static void
is_judged(const struct trial *t, const struct reply *r, const char *want,
    const char *name)
{
	struct buf out = {0};
	struct scope s;
	bool is_good;

	scope_init(&s, &arena, 0, 0);
	is_good = verdict_print(&out, &s, t, r);
	is_text(buf_as_text(&out), text_of(want), "%s", name);
	ok(is_good == (r->status == 206 || r->status == 416
		|| (r->status == 200 && strstr(want, "; it is there") != NULL)),
	    "... which is %s", is_good ? "good" : "not good");
	ok(memmem(out.data, out.size, "canary", 6) == NULL,
	    "... without secrets");
	buf_release(&out);
	arena_reset(&arena);
}

/* The body in memory of just its size. */
static void
judge(const struct exchange *e)
{
	struct trial t = {e->store,
	    text_of(e->key == NULL ? "out/1.png" : e->key), text_of(e->url)};
	size_t size = strlen(e->body);
	char *body = malloc(size + 1);
	struct reply r = {
	    .status = e->status,
	    .body = {body, size},
	    .region = text_of(e->region),
	    .location = text_of(e->location),
	    .date_s = e->has_no_date ? -1 : NOW,
	    .now_s = NOW + e->ahead_s,
	};

	memcpy(body, e->body, size);
	is_judged(&t, &r, e->want, e->name);
	free(body);
}

static const struct exchange exchanges[] = {
    /* good */
    {"a byte", &own, OWN_PATH, 206, "x", "206; the first byte is there"},
    {"an empty object", &own, OWN_PATH, 416,
	HEAD "<Code>InvalidRange</Code><Message>The requested range is not "
	"satisfiable</Message>" TAIL,
	"416 InvalidRange: The requested range is not satisfiable; it is "
	"there, and empty"},
    {"all of it", &own, OWN_PATH, 200, "x",
	"200; it is there, and all is sent for the byte that was asked for"},
    {"all of nothing", &own, OWN_PATH, 200, "",
	"200; it is there, and empty"},
    {"a page", &own, OWN_PATH, 200, "\xef\xbb\xbf\r\n <html>",
	"200; a byte was asked for, and a page came: is that the store, and "
	"not its console or a proxy?", .ahead_s = 301},
    {"a page of links' files", &disk, LINK, 200, "<html>",
	"200; it is there, and all is sent for the byte that was asked for"},
    {"a clock that is wrong all the same", &own, OWN_PATH, 206, "x",
	"206; set this machine's clock, which is 301 s ahead of the store's",
	.ahead_s = 301},
    {"one that is right enough", &own, OWN_PATH, 206, "x",
	"206; the first byte is there", .ahead_s = -300},

    {"one that explains nothing", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object",
	.ahead_s = 301},
    {"one that may be the reason", &own, OWN_PATH, 403,
	HEAD "<Code>AccessDenied</Code><Message></Message>" TAIL,
	"403 AccessDenied; set this machine's clock, which is 301 s behind "
	"the store's", .ahead_s = -301},
    {"what Google says then", &own, OWN_PATH, 400,
	HEAD "<Code>ExpiredToken</Code><Message></Message>" TAIL,
	"400 ExpiredToken; set this machine's clock, which is 4000 s behind "
	"the store's", .ahead_s = -4000},
    {"what others may say", &own, OWN_PATH, 403,
	HEAD "<Code>Odd</Code><Message></Message>" TAIL,
	"403 Odd; set this machine's clock, which is 301 s behind the store's",
	.ahead_s = -301},

    /* time */
    {"too skewed", &amazon, VIRTUAL, 403,
	HEAD "<Code>RequestTimeTooSkewed</Code><Message>The difference between "
	"the request time and the current time is too large.</Message>"
	"<RequestTime>20260415T120000Z</RequestTime>" TAIL,
	"403 RequestTimeTooSkewed: The difference between the request time and "
	"the current time is too large; set this machine's clock, which is "
	"2000 s ahead of the store's", .ahead_s = 2000},
    {"too skewed, by little", &own, OWN_PATH, 403,
	HEAD "<Code>RequestTimeTooSkewed</Code><Message></Message>" TAIL,
	"403 RequestTimeTooSkewed; set this machine's clock, which is 6 s "
	"behind the store's", .ahead_s = -6},
    /* a key from another source than the settings */
    {"a fetched key's secret", &fetched, VIRTUAL, 403,
	HEAD "<Code>SignatureDoesNotMatch</Code><Message></Message>" TAIL,
	"403 SignatureDoesNotMatch; the secret is not the access key's, and "
	"both come from the source that credentials names, or s3_region is "
	"wrong, or a proxy before the store does not pass Host on as it is: "
	"then see s3_endpoint"},
    {"an unknown key", &fetched, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message></Message>" TAIL,
	"403 InvalidAccessKeyId; the store does not know the access key of "
	"the source that credentials names"},
    {"an unknown key, wherever it is from", &automatic, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message></Message>" TAIL,
	"403 InvalidAccessKeyId; the store does not know the access key of "
	"the source that credentials names"},
    {"... which is the settings", &automatic_own, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message></Message>" TAIL,
	"403 InvalidAccessKeyId; the store does not know s3_access_key_id"},
    {"a token's end", &fetched, VIRTUAL, 400,
	HEAD "<Code>ExpiredToken</Code><Message></Message>" TAIL,
	"400 ExpiredToken; the session token of the source that credentials "
	"names has ended, or is another key's"},
    {"not yet valid", &amazon, VIRTUAL, 403,
	HEAD "<Code>AccessDenied</Code><Message>Request is not yet valid"
	"</Message>" TAIL,
	"403 AccessDenied: Request is not yet valid; set this machine's clock, "
	"which is 20 s ahead of the store's", .ahead_s = 20},
    {"MinIO's words for it", &own, OWN_PATH, 403,
	HEAD "<Code>AccessDenied</Code><Message>Request is not valid yet"
	"</Message><Key>out/1.png</Key><BucketName>media</BucketName>"
	"<Resource>/media/out/1.png</Resource>" TAIL,
	"403 AccessDenied: Request is not valid yet; set this machine's clock, "
	"which is 20 s ahead of the store's", .ahead_s = 20},
    {"expired", &amazon, VIRTUAL, 403,
	HEAD "<Code>AccessDenied</Code><Message>Request has expired</Message>"
	"<X-Amz-Expires>1200</X-Amz-Expires><Expires>2026-04-15T12:20:00Z"
	"</Expires><ServerTime>2026-04-15T14:00:00Z</ServerTime>" TAIL,
	"403 AccessDenied: Request has expired; set this machine's clock, "
	"which is 7200 s behind the store's", .ahead_s = -7200},
    {"expired, and nobody says when", &amazon, VIRTUAL, 403,
	HEAD "<Code>AccessDenied</Code><Message>Request has expired</Message>"
	TAIL,
	"403 AccessDenied: Request has expired; the store's clock or this "
	"machine's is wrong, and no setting", .has_no_date = true},

    /* region */
    {"another region", &amazon, VIRTUAL, 400,
	HEAD "<Code>AuthorizationQueryParametersError</Code><Message>Error "
	"parsing the X-Amz-Credential parameter; the region 'us-east-1' is "
	"wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region>" TAIL,
	"400 AuthorizationQueryParametersError: Error parsing the "
	"X-Amz-Credential parameter; the region 'us-east-1' is wrong; "
	"expecting 'eu-west-1'; set s3_region = eu-west-1"},
    {"MinIO's, in the words alone", &own, OWN_PATH, 400,
	HEAD "<Code>AuthorizationHeaderMalformed</Code><Message>The "
	"authorization header is malformed; the region is wrong; expecting "
	"&#39;home&#39;.</Message><Key>out/1.png</Key><BucketName>media"
	"</BucketName>" TAIL,
	"400 AuthorizationHeaderMalformed: The authorization header is "
	"malformed; the region is wrong; expecting 'home'; set s3_region = "
	"home"},
    {"one that is not named", &own, OWN_PATH, 400,
	HEAD "<Code>AuthorizationHeaderMalformed</Code><Message>The region is "
	"wrong</Message>" TAIL,
	"400 AuthorizationHeaderMalformed: The region is wrong; change "
	"s3_region"},
    {"nor by its other name", &own, OWN_PATH, 400,
	HEAD "<Code>AuthorizationQueryParametersError</Code><Message>The "
	"region is wrong</Message>" TAIL,
	"400 AuthorizationQueryParametersError: The region is wrong; change "
	"s3_region"},
    {"another parameter", &own, OWN_PATH, 400,
	HEAD "<Code>AuthorizationQueryParametersError</Code><Message>X-Amz-"
	"Expires must be less than a week</Message><Hint>HTTPS region</Hint>"
	TAIL,
	"400 AuthorizationQueryParametersError: X-Amz-Expires must be less "
	"than a week"},
    {"R2", &own, OWN_PATH, 400,
	HEAD "<Code>InvalidRegionName</Code><Message>The region name "
	"'us-west-9' is not valid. Must be one of: wnam, enam, weur, eeur, "
	"apac, auto</Message></Error>",
	"400 InvalidRegionName: The region name 'us-west-9' is not valid. Must "
	"be one of: wnam, enam, weur, eeur, apac, auto; change s3_region"},
    {"a redirect with a region", &amazon, VIRTUAL, 301,
	HEAD "<Code>PermanentRedirect</Code><Message>The bucket you are "
	"attempting to access must be addressed using the specified endpoint. "
	"Please send all future requests to this endpoint.</Message>"
	"<Endpoint>media.s3.eu-west-1.amazonaws.com</Endpoint><Bucket>media"
	"</Bucket>" TAIL,
	"301 PermanentRedirect: The bucket you are attempting to access must "
	"be addressed using the specified endpoint. Please send all future "
	"requests to this endpoint; set s3_region = eu-west-1",
	.region = "eu-west-1"},
    {"one with a host", &amazon, VIRTUAL, 307,
	HEAD "<Code>TemporaryRedirect</Code><Message>Please re-send this "
	"request to the specified temporary endpoint.</Message><Endpoint>"
	"media.s3-eu-west-1.amazonaws.com</Endpoint>" TAIL,
	"307 TemporaryRedirect: Please re-send this request to the specified "
	"temporary endpoint; the bucket is at s3-eu-west-1.amazonaws.com: set "
	"s3_region to that host's region",
	.location = "https://media.s3-eu-west-1.amazonaws.com/out/1.png" QUERY},
    {"one with a host, for ever", &own, OWN_PATH, 301,
	HEAD "<Code>PermanentRedirect</Code><Message></Message><Endpoint>"
	"s3.eu-central-2.example.org</Endpoint>" TAIL,
	"301 PermanentRedirect; the bucket is at s3.eu-central-2.example.org: "
	"change s3_endpoint to that"},
    {"one with the bucket before the host", &own, OWN_PATH, 301,
	HEAD "<Code>PermanentRedirect</Code><Message></Message><Endpoint>"
	"media.s3.eu-central-2.example.org</Endpoint>" TAIL,
	"301 PermanentRedirect; the bucket is at s3.eu-central-2.example.org: "
	"change s3_endpoint to that"},
    {"one to another region", &own, OWN_PATH, 301,
	HEAD "<Code>PermanentRedirect</Code><Message></Message><Endpoint>"
	"s3.eu-central-2.example.org</Endpoint>" TAIL,
	"301 PermanentRedirect; set s3_region = eu-central-2 and s3_endpoint "
	"to that region's address", .region = "eu-central-2"},
    {"one to another region, for now", &own, OWN_PATH, 307,
	HEAD "<Code>TemporaryRedirect</Code><Message></Message>" TAIL,
	"307 TemporaryRedirect; set s3_region = eu-central-2 and s3_endpoint "
	"to that region's address", .region = "eu-central-2"},
    {"Amazon's other region", &spelt, SPELT, 301,
	HEAD "<Code>PermanentRedirect</Code><Message></Message><Endpoint>"
	"media.s3.eu-west-1.amazonaws.com</Endpoint>" TAIL,
	"301 PermanentRedirect; set s3_region = eu-west-1 and s3_endpoint to "
	"that region's address, or drop s3_endpoint", .region = "eu-west-1"},
    {"... which it expects", &spelt, SPELT, 400,
	HEAD "<Code>AuthorizationQueryParametersError</Code><Message>expecting "
	"'eu-west-1'</Message>" TAIL,
	"400 AuthorizationQueryParametersError: expecting 'eu-west-1'; set "
	"s3_region = eu-west-1 and s3_endpoint to that region's address, or "
	"drop s3_endpoint"},
    {"... where we are already", &misspelt, SPELT, 400,
	HEAD "<Code>AuthorizationQueryParametersError</Code><Message>expecting "
	"'us-east-1'</Message>" TAIL,
	"400 AuthorizationQueryParametersError: expecting 'us-east-1'; set "
	"s3_region = us-east-1"},
    {"... and the region is right", &misspelt, SPELT, 301,
	HEAD "<Code>PermanentRedirect</Code><Message></Message><Endpoint>"
	"media.s3.eu-west-1.amazonaws.com</Endpoint>" TAIL,
	"301 PermanentRedirect; the bucket is at s3.eu-west-1.amazonaws.com: "
	"change s3_endpoint to that", .region = "eu-west-1"},
    {"a region that is in the string to sign alone", &own, OWN_PATH, 403,
	HEAD NO_MATCH SEEN("garage", "/media/out/1.png", "s3.example.org:9000")
	TAIL, NO_MATCH_WORDS "set s3_region = garage"},

    /* signatures */
    {"Amazon, the wrong secret", &amazon, VIRTUAL, 403,
	HEAD NO_MATCH SEEN("us-east-1", "/out/1.png",
	"media.s3.us-east-1.amazonaws.com") TAIL, NO_MATCH_WORDS PAIR},
    {"another host", &own, OWN_PATH, 403,
	HEAD NO_MATCH SEEN("us-east-1", "/media/out/1.png", "minio:9000") TAIL,
	NO_MATCH_WORDS "the store was asked as minio:9000, which is not what "
	"was signed: have the proxy before it pass Host on as it is, or set "
	"s3_endpoint to the address that the store is asked by"},
    {"another path", &own, OWN_PATH, 403,
	HEAD NO_MATCH SEEN("us-east-1", "/s3/media/out/1.png",
	"s3.example.org:9000") TAIL,
	NO_MATCH_WORDS "the path is another one when it comes to the store: "
	"have the proxy before it pass the address on as it is"},
    {"MinIO, which tells nothing", &own, OWN_PATH, 403,
	HEAD NO_MATCH "<Key>out/1.png</Key><BucketName>media</BucketName>"
	"<Resource>/media/out/1.png</Resource><Region>us-east-1</Region>" TAIL,
	NO_MATCH_WORDS PAIR ", or s3_region is wrong, or a proxy before the "
	"store does not pass Host on as it is: then see s3_endpoint"},
    {"Ceph, which has no words", &own, OWN_PATH, 403,
	HEAD "<Code>SignatureDoesNotMatch</Code><Message></Message>" TAIL,
	"403 SignatureDoesNotMatch; " PAIR ", or s3_region is wrong, or a "
	"proxy before the store does not pass Host on as it is: then see "
	"s3_endpoint"},
    {"a key with dots", &own,
	"https://s3.example.org:9000/media/a/../1.png" QUERY, 403,
	HEAD NO_MATCH SEEN("us-east-1", "/media/1.png", "s3.example.org:9000")
	TAIL, NO_MATCH_WORDS "clients take /./ and /../ out of an address: use "
	"another key", .key = "a/../1.png"},
    {"... which may be another one's", &own,
	"https://s3.example.org:9000/media/a/../1.png" QUERY, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>1.png</Key>" TAIL,
	"404 NoSuchKey; clients take /./ and /../ out of an address: use "
	"another key", .key = "a/../1.png"},
    {"... or not allowed", &own,
	"https://s3.example.org:9000/media/../1.png" QUERY, 403,
	HEAD "<Code>AccessDenied</Code><Message></Message>" TAIL,
	"403 AccessDenied; clients take /./ and /../ out of an address: use "
	"another key", .key = "../1.png"},
    {"... or in no bucket", &own,
	"https://s3.example.org:9000/media/../1.png" QUERY, 400,
	HEAD "<Code>InvalidBucketName</Code><Message></Message>" TAIL,
	"400 InvalidBucketName; clients take /./ and /../ out of an address: "
	"use another key", .key = "../1.png"},
    {"... in another region", &own,
	"https://s3.example.org:9000/media/../1.png" QUERY, 400,
	HEAD "<Code>InvalidRegionName</Code><Message></Message>" TAIL,
	"400 InvalidRegionName; change s3_region", .key = "../1.png"},

    /* the bucket's place */
    {"MinIO takes the key for it", &own, OWN_VIRTUAL, 404,
	HEAD "<Code>NoSuchBucket</Code><Message>The specified bucket does not "
	"exist</Message><Key>1.png</Key><BucketName>out</BucketName><Resource>"
	"/out/1.png</Resource>" TAIL,
	"404 NoSuchBucket: The specified bucket does not exist; the store took "
	"out, the first part of the key, for the bucket: set s3_addressing = "
	"path"},
    {"a key of one part", &own,
	"https://media.s3.example.org:9000/1.png" QUERY, 404,
	HEAD "<Code>NoSuchBucket</Code><Message></Message><BucketName>1.png"
	"</BucketName>" TAIL,
	"404 NoSuchBucket; the store took 1.png, the first part of the key, "
	"for the bucket: set s3_addressing = path", .key = "1.png"},
    {"a bucket of that name", &own, OWN_VIRTUAL, 404,
	HEAD "<Code>NoSuchKey</Code><Message>The specified key does not exist."
	"</Message><Key>1.png</Key>" TAIL,
	"404 NoSuchKey: The specified key does not exist; the store took out, "
	"the first part of the key, for the bucket: set s3_addressing = path"},
    {"and one that is not ours", &own, OWN_VIRTUAL, 403,
	HEAD "<Code>AccessDenied</Code><Message></Message><BucketName>out"
	"</BucketName>" TAIL,
	"403 AccessDenied; the store took out, the first part of the key, for "
	"the bucket: set s3_addressing = path"},
    {"Ceph takes the host for it", &own, OWN_VIRTUAL, 404,
	HEAD "<Code>NoSuchBucket</Code><Message></Message><BucketName>"
	"media.s3.example.org</BucketName>" TAIL,
	"404 NoSuchBucket; the store took all of the host, "
	"media.s3.example.org, for the bucket: set s3_addressing = path"},
    {"or with its port", &own, OWN_VIRTUAL, 404,
	HEAD "<Code>NoSuchBucket</Code><Message></Message><BucketName>"
	"media.s3.example.org:9000</BucketName>" TAIL,
	"404 NoSuchBucket; the store took all of the host, "
	"media.s3.example.org:9000, for the bucket: set s3_addressing = path"},
    {"and with the bucket in the path", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchBucket</Code><Message></Message><BucketName>"
	"s3.example.org</BucketName>" TAIL,
	"404 NoSuchBucket; the store took its host, s3.example.org, for the "
	"bucket: write the name that it knows itself by as s3_endpoint, or set "
	"s3_addressing = virtual"},
    {"the bucket is a part of the key", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>media/out/1.png"
	"</Key>" TAIL,
	"404 NoSuchKey; the store took the bucket's name for a part of the "
	"key: write s3_endpoint without the bucket"},
    {"the bucket stands twice", &twice, TWICE_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><BucketName>media"
	"</BucketName>" TAIL, "404 NoSuchKey; " WITHOUT},
    {"... in the host too", &twice, TWICE_VIRTUAL, 404,
	HEAD "<Code>NoSuchBucket</Code><Message></Message><BucketName>"
	"media.media</BucketName>" TAIL, "404 NoSuchBucket; " WITHOUT},
    {"... where nobody may read", &twice, TWICE_PATH, 403,
	HEAD "<Code>AccessDenied</Code><Message></Message>" TAIL,
	"403 AccessDenied; " WITHOUT},
    {"... and is what the store is called", &twice, TWICE_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>out/1.png</Key>"
	TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"... and the secret is wrong", &twice, TWICE_PATH, 403,
	HEAD NO_MATCH SEEN("us-east-1", "/media/out/1.png",
	"media.nyc3.example.org") TAIL, NO_MATCH_WORDS PAIR},
    {"a store whose name only begins like the bucket's", &nearly, NEARLY, 403,
	HEAD "<Code>AccessDenied</Code><Message></Message>" TAIL,
	"403 AccessDenied; the access key's owner needs s3:GetObject for the "
	"object; who has no s3:ListBucket is told the same of one that is not "
	"there"},
    {"only the beginning is the bucket's name", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>media/out/22.png"
	"</Key>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"and in the host it is where it should be", &own, OWN_VIRTUAL, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>media/out/1.png"
	"</Key>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"a part of the key, with the bucket in the path", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message></Message><Key>1.png</Key>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"no such bucket", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchBucket</Code><Message>The specified bucket does not "
	"exist.</Message><BucketName>media</BucketName>" TAIL,
	"404 NoSuchBucket: The specified bucket does not exist; check "
	"s3_bucket and s3_endpoint"},
    {"no such bucket, of a store that does not say which", &own, OWN_VIRTUAL,
	404, HEAD "<Code>NoSuchBucket</Code><Message></Message>" TAIL,
	"404 NoSuchBucket; check s3_bucket and s3_endpoint; a store that wants "
	"the bucket in the path needs s3_addressing = path"},
    {"no name for a bucket", &own, OWN_PATH, 400,
	HEAD "<Code>InvalidBucketName</Code><Message></Message>" TAIL,
	"400 InvalidBucketName; check s3_bucket"},

    /* keys, and what they may do */
    {"an unknown id", &amazon, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id "
	"you provided does not exist in our records.</Message><AWSAccessKeyId>"
	"canary-id</AWSAccessKeyId>" TAIL,
	"403 InvalidAccessKeyId: The AWS Access Key Id you provided does not "
	"exist in our records; the store does not know s3_access_key_id"},
    {"an id that is none of R2's", &own, OWN_PATH, 400,
	HEAD "<Code>InvalidArgument</Code><Message>Credential access key has "
	"length 20, should be 32</Message></Error>",
	"400 InvalidArgument: Credential access key has length 20, should be "
	"32; the store does not know s3_access_key_id"},
    {"an id that R2 does not know", &own, OWN_PATH, 401,
	HEAD "<Code>Unauthorized</Code><Message>Unauthorized</Message>"
	"</Error>",
	"401 Unauthorized: Unauthorized; the store does not know "
	"s3_access_key_id"},
    {"one that Google does not know", &own, OWN_PATH, 403,
	HEAD "<Code>InvalidSecurity</Code><Message>The provided security "
	"credentials are not valid.</Message><Details>Access key not found."
	"</Details></Error>",
	"403 InvalidSecurity: The provided security credentials are not valid; "
	"the store does not know s3_access_key_id"},
    {"a temporary id alone", &temporary, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message></Message>" TAIL,
	"403 InvalidAccessKeyId; s3_access_key_id is a temporary key's, which "
	"needs its s3_session_token_file"},
    {"one with its token", &with_token, VIRTUAL, 403,
	HEAD "<Code>InvalidAccessKeyId</Code><Message></Message>" TAIL,
	"403 InvalidAccessKeyId; the store does not know s3_access_key_id"},
    {"an archive", &amazon, VIRTUAL, 403,
	HEAD "<Code>InvalidObjectState</Code><Message>The operation is not "
	"valid for the object's storage class</Message><StorageClass>GLACIER"
	"</StorageClass>" TAIL,
	"403 InvalidObjectState: The operation is not valid for the object's "
	"storage class; the object is in an archive: have the store restore "
	"it"},
    {"a token that is over", &amazon, VIRTUAL, 400,
	HEAD "<Code>ExpiredToken</Code><Message>The provided token has expired."
	"</Message><Token-0>canary-token</Token-0>" TAIL,
	"400 ExpiredToken: The provided token has expired; a temporary key has "
	"its own s3_session_token_file, which ends with it; a lasting key has "
	"none"},
    {"a token of another key", &amazon, VIRTUAL, 400,
	HEAD "<Code>InvalidToken</Code><Message>The provided token is "
	"malformed or otherwise invalid.</Message><Token-0>canary-token"
	"</Token-0>" TAIL,
	"400 InvalidToken: The provided token is malformed or otherwise "
	"invalid; a temporary key has its own s3_session_token_file, which "
	"ends with it; a lasting key has none"},
    {"a token to be renewed", &own, OWN_PATH, 400,
	HEAD "<Code>TokenRefreshRequired</Code><Message></Message>" TAIL,
	"400 TokenRefreshRequired; a temporary key has its own "
	"s3_session_token_file, which ends with it; a lasting key has none"},
    {"no such object", &amazon, VIRTUAL, 404,
	HEAD "<Code>NoSuchKey</Code><Message>The specified key does not exist."
	"</Message><Key>out/1.png</Key>" TAIL,
	"404 NoSuchKey: The specified key does not exist; the signature is "
	"good, there is no such object"},
    {"not allowed", &amazon, VIRTUAL, 403,
	HEAD "<Code>AccessDenied</Code><Message>Access Denied</Message>" TAIL,
	"403 AccessDenied: Access Denied; the access key's owner needs "
	"s3:GetObject for the object; who has no s3:ListBucket is told the "
	"same of one that is not there"},
    /* words that nobody may read */
    {"a URL in the message", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>Cannot GET /media/out/1.png?"
	"X-Amz-Date=1&amp;X-Amz-Signature=canary</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"one of another kind", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>/out/1.png?AWSAccessKeyId=A&amp;"
	"Signature=canary</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"nginx's", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>GET /a?md5=canary</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"one in another one", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>/in?to=%2Fa%3Fx-amz-signature%3d"
	"canary</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"the beginning of one", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>/a?X-Amz-Credential=canary..."
	"</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"in the code", &own, OWN_PATH, 404,
	HEAD "<Code>/?X-Amz-Security-Token=canary</Code><Message>No</Message>"
	TAIL, "404: No"},
    {"a signature alone", &own, OWN_PATH, 404,
	HEAD "<Code>NoSuchKey</Code><Message>After (canary-url)</Message>"
	TAIL, "404 NoSuchKey; the signature is good, there is no such object"},
    {"a token alone", &own, TOKEN_URL, 404,
	HEAD "<Code>NoSuchKey</Code><Message>For canary+a/pair=with</Message>"
	TAIL, "404 NoSuchKey; the signature is good, there is no such object"},
    {"a token as it was sent", &own, TOKEN_URL, 404,
	HEAD "<Code>NoSuchKey</Code><Message>For canary%2Ba%2Fpair</Message>"
	TAIL, "404 NoSuchKey; the signature is good, there is no such object"},
    {"a piece of a token", &own, TOKEN_URL, 404,
	HEAD "<Code>NoSuchKey</Code><Message>For ...a/pair=with-a-canary..."
	"</Message>" TAIL,
	"404 NoSuchKey; the signature is good, there is no such object"},
    {"a host with a query", &own, OWN_PATH, 307,
	HEAD "<Code>TemporaryRedirect</Code><Message></Message><Endpoint>"
	"https://s4.example.org/out/1.png?canary</Endpoint>" TAIL,
	"307 TemporaryRedirect; the bucket is at s4.example.org: change "
	"s3_endpoint to that"},
    {"a region that is none", &own, OWN_PATH, 400,
	HEAD "<Code>InvalidRegionName</Code><Message></Message><Region>"
	"eu-1?canary</Region>" TAIL,
	"400 InvalidRegionName; set s3_region = eu-1"},
    {"a redirect to something odd", &own, OWN_PATH, 302, "",
	"302; no S3 store answers like that: check s3_endpoint",
	.location = "?canary//other.example.org/"},
    {"a redirect without a path", &own, OWN_PATH, 302, "",
	"302; the signature is not for https://other.example.org, where that "
	"leads: change s3_endpoint",
	.location = "https://other.example.org#canary"},
    {"an error that nobody knows", &amazon, VIRTUAL, 403,
	HEAD "<Code>Odd</Code><Message>Very</Message>" TAIL, "403 Odd: Very"},

    /* no store */
    {"busy", &own, OWN_PATH, 503,
	HEAD "<Code>SlowDown</Code><Message>Please reduce your request rate."
	"</Message>" TAIL,
	"503 SlowDown: Please reduce your request rate; try again later"},
    {"what the store cannot do", &own, OWN_PATH, 501,
	HEAD "<Code>NotImplemented</Code><Message>A header is not implemented"
	"</Message>" TAIL,
	"501 NotImplemented: A header is not implemented"},
    {"what a web server cannot do", &own, OWN_PATH, 501, "<html>",
	"501; no S3 store answers like that: check s3_endpoint"},
    {"a proxy that wants to know who asks", &own, OWN_PATH, 407, "<html>",
	"407; check the proxy of the environment"},
    {"TLS is wanted, nginx", &own, OWN_PATH, 400,
	"<html><body>The plain HTTP request was sent to HTTPS port</body>",
	"400; write s3_endpoint with https://"},
    {"TLS is wanted, MinIO", &own, OWN_PATH, 400,
	"Client sent an HTTP request to an HTTPS server.\n",
	"400; write s3_endpoint with https://"},
    {"a redirect of a web server", &own, OWN_PATH, 301, "<html>",
	"301; the signature is not for https://other.example.org, where that "
	"leads: change s3_endpoint",
	.location = "https://other.example.org/media/out/1.png" QUERY},
    {"one without a path", &own, OWN_PATH, 302, "",
	"302; the signature is not for https://other.example.org, where that "
	"leads: change s3_endpoint",
	.location = "https://other.example.org" QUERY},
    {"one to nowhere", &own, OWN_PATH, 302, "",
	"302; no S3 store answers like that: check s3_endpoint",
	.location = "/login" QUERY},
    {"one to nowhere, in folders", &own, OWN_PATH, 302, "",
	"302; no S3 store answers like that: check s3_endpoint",
	.location = "/a/b/c" QUERY},
    {"a web page", &own, OWN_PATH, 404, "<html><title>404</title>",
	"404; no S3 store answers like that: check s3_endpoint"},
    {"a web page for all hosts", &own, OWN_VIRTUAL, 404, "<html>",
	"404; no S3 store answers like that: check s3_endpoint" OR_PATH},
    {"a web page for all hosts and paths", &own, OWN_VIRTUAL, 200, "<html>",
	"200; a byte was asked for, and a page came: check s3_endpoint"
	OR_PATH},
    {"a web page instead of Amazon", &amazon, VIRTUAL, 404, "<html>",
	"404; no S3 store answers like that: check s3_region"},
    {"nothing at all", &own, OWN_PATH, 403, "",
	"403; no S3 store answers like that: check s3_endpoint"},
    {"an error that is cut off", &own, OWN_PATH, 403,
	HEAD "<Code>SignatureDoes",
	"403; no S3 store answers like that: check s3_endpoint"},

    /* links */
    {"a link", &disk, LINK, 206, "x", "206; the first byte is there"},
    {"a link to all", &disk, LINK, 200, "x",
	"200; it is there, and all is sent for the byte that was asked for"},
    {"a link to an empty file", &disk, LINK, 416, "",
	"416; it is there, and empty"},
    {"a wrong link", &disk, LINK, 403, "<html>",
	"403; compare secure_link_secret_file and the path of secure_link_base "
	"with nginx's secure_link_md5; a file that nginx may not read is "
	"refused too"},
    {"a link with dots", &disk, LINK, 403, "<html>",
	"403; clients take /./ and /../ out of an address: use another key",
	.key = "./1.png"},
    {"... which are not found", &disk, LINK, 404, "<html>",
	"404; clients take /./ and /../ out of an address: use another key",
	.key = "./1.png"},
    {"... or not wanted", &disk, LINK, 400, "<html>",
	"400; clients take /./ and /../ out of an address: use another key",
	.key = "./1.png"},
    {"a link through a proxy", &disk, LINK, 407, "<html>",
	"407; check the proxy of the environment"},
    {"a link to what cannot be done", &disk, LINK, 501, "<html>",
	"501; check secure_link_base"},
    {"a link that is over", &disk, LINK, 410, "<html>",
	"410; set this machine's clock, which is 40 s behind the store's",
	.ahead_s = -40},
    {"a link that is over, by the same clock", &disk, LINK, 410, "<html>",
	"410; the store's clock or this machine's is wrong, and no setting",
	.ahead_s = -5},
    {"no such file", &disk, LINK, 404, "<html>",
	"404; there is no such file: check the key, secure_link_base and "
	"nginx's root"},
    {"a redirect of nginx", &disk, LINK, 301, "<html>",
	"301; that leads to https://media.example.org: change "
	"secure_link_base",
	.location = "https://media.example.org/a/out/1.png?md5=canary-url"},
    {"nginx wants TLS", &disk, LINK, 400,
	"The plain HTTP request was sent to HTTPS port",
	"400; write secure_link_base with https://"},
    {"nginx is broken", &disk, LINK, 502, "", "502; try again later"},
    {"an S3 store's words", &disk, LINK, 401,
	"<Code>NoSuchBucket</Code>", "401; check secure_link_base"},
};

static const struct {
	const char *name;
	const struct config_store *store;
	const char *url;
	enum fetch_hurdle hurdle;
	const char *want; /* behind the cause */
} silences[] = {
    {"no such host, with the bucket before it", &own, OWN_VIRTUAL, FETCH_NAME,
	"; check s3_endpoint" OR_PATH},
    {"no such host, with the bucket twice before it", &twice, TWICE_VIRTUAL,
	FETCH_NAME, "; " WITHOUT},
    {"no such host of Amazon's", &amazon, VIRTUAL, FETCH_NAME,
	"; check s3_region"},
    {"no such host", &own, OWN_PATH, FETCH_NAME, "; check s3_endpoint"},
    {"no such host, of a link", &disk, LINK, FETCH_NAME,
	"; check secure_link_base"},
    {"refused", &own, OWN_PATH, FETCH_CONNECT,
	"; check s3_endpoint, and what is in between"},
    {"silent", &disk, LINK, FETCH_TIME,
	"; check secure_link_base, and what is in between"},
    {"no TLS", &own, OWN_PATH, FETCH_TLS,
	"; check s3_endpoint: is it https:// on that port, or http://?"},
    {"no TLS for all hosts", &own, OWN_VIRTUAL, FETCH_TLS,
	"; check s3_endpoint: is it https:// on that port, or http://? Where "
	"that is right, the store wants the bucket in the path: set "
	"s3_addressing = path"},
    {"no TLS with the bucket twice in the host", &twice, TWICE_VIRTUAL,
	FETCH_TLS, "; " WITHOUT},
    {"a certificate with the bucket once", &twice, TWICE_VIRTUAL,
	FETCH_CERT_NAME, "; " WITHOUT},
    {"a certificate without the bucket, which is there once", &twice,
	TWICE_PATH, FETCH_CERT_NAME,
	"; the certificate is another host's: check s3_endpoint"},
    {"a certificate that is wrong for Amazon", &amazon, VIRTUAL,
	FETCH_CERT_NAME,
	"; the certificate is another host's: check s3_region"},
    {"a certificate without the bucket", &own, OWN_VIRTUAL, FETCH_CERT_NAME,
	"; the certificate is for no host with the bucket before it: set "
	"s3_addressing = path"},
    {"another host's certificate", &own, OWN_PATH, FETCH_CERT_NAME,
	"; the certificate is another host's: check s3_endpoint"},
    {"nobody's certificate", &own, OWN_VIRTUAL, FETCH_CERT,
	"; if the certificate is from an authority of your own, give its file "
	"to --cacert"},
    {"a proxy", &own, OWN_VIRTUAL, FETCH_PROXY,
	"; check the proxy of the environment"},
    {"no HTTP", &own, OWN_VIRTUAL, FETCH_OTHER,
	"; check s3_endpoint: what listens there?"},
};

static void
test_silences(void)
{
	for (size_t i = 0; i < N_OF(silences); i++) {
		const struct trial t = {silences[i].store, TEXT("out/1.png"),
		    text_of(silences[i].url)};
		const struct reply r = {.date_s = -1, .now_s = NOW,
		    .hurdle = silences[i].hurdle, .cause = TEXT("So it is.")};
		char want[300] = "no answer: So it is";

		strcat(want, silences[i].want);
		is_judged(&t, &r, want, silences[i].name);
	}
}

/* Whatever comes, it is read, and nothing long is said. */
static void
test_hostile(void)
{
	static const char *const pieces[] = {"<Code>", "</Code>", "<Message>",
	    "</Message>", "<Region>", "</Region>", "<StringToSign>",
	    "</StringToSign>", "<CanonicalRequest>", "</CanonicalRequest>",
	    "GET\n", "/", "\n", "host:", "<BucketName>", "</BucketName>", "&#",
	    "39;", "AccessDenied", "SignatureDoesNotMatch", "expecting '", "'",
	    "<Key>", "</Key>", "<Endpoint>", "</Endpoint>", "\x1b"};
	struct dice dice = {.state = 7};
	size_t longest = 0;

	for (int i = 0; i < 20000; i++) {
		struct buf body = {0}, out = {0};
		struct trial t = {&own, TEXT("out/1.png"), TEXT(OWN_PATH)};
		struct reply r = {.status = 403, .date_s = -1};
		struct scope s;

		for (uint64_t n = dice_roll(&dice, 40); n > 0; n--)
			buf_string(&body,
			    pieces[dice_roll(&dice, N_OF(pieces))]);
		for (uint64_t n = dice_roll(&dice, 3) * 400; n > 0; n--)
			buf_char(&body, 'x');
		r.body = buf_as_text(&body);
		r.location = r.body;
		scope_init(&s, &arena, 0, 0);
		(void)verdict_print(&out, &s, &t, &r);
		longest = out.size > longest ? out.size : longest;
		arena_reset(&arena);
		buf_release(&out);
		buf_release(&body);
	}
	ok(longest < 1200, "at most %zu bytes are said", longest);
}

/* Texts of 10,000 bytes where a store may have them. */
static void
test_long_words(void)
{
	static const struct {
		const char *before, *behind;
		int size;
	} cases[] = {
	    {"<Code>Odd</Code><Message>", "</Message>", 7 + 2 + 300},
	    {"<Code>", "</Code>", 4 + 300},
	    {"<Region>", "</Region>", 3 + 2 + 16 + 253},
	    {"<Code>SignatureDoesNotMatch</Code><CanonicalRequest>GET\n/\nq\nhost:",
		"</CanonicalRequest>", 443},
	    {"<Code>SignatureDoesNotMatch</Code><StringToSign>A\nt\n1/",
		"/s3</StringToSign>", 25 + 2 + 16 + 253},
	};
	const struct trial t = {&own, TEXT("out/1.png"), TEXT(OWN_PATH)};

	for (size_t i = 0; i < N_OF(cases); i++) {
		static char body[20000];
		struct reply r = {.status = 403, .date_s = -1};
		struct buf out = {0};
		struct scope s;
		size_t n = strlen(cases[i].before);

		memset(body, 0, sizeof(body));
		strcpy(body, cases[i].before);
		memset(body + n, 'x', 10000);
		strcat(body, cases[i].behind);
		r.body = text_of(body);
		scope_init(&s, &arena, 0, 0);
		(void)verdict_print(&out, &s, &t, &r);
		is_int((int64_t)out.size, cases[i].size,
		    "a ceiling for %s", cases[i].before);
		arena_reset(&arena);
		buf_release(&out);
	}
}

int
main(void)
{
	arena_init(&arena, 4096);
	for (size_t i = 0; i < N_OF(exchanges); i++)
		judge(&exchanges[i]);
	test_silences();
	test_long_words();
	test_hostile();
	arena_release(&arena);
	return tap_done();
}
