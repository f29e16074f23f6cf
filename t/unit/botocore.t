#!/usr/bin/env python3
"""Presigned URLs against botocore's, byte for byte, with the same clock.

t/unit/presign prints ours. botocore puts the session token behind the signed
headers and the headers to answer with before all; ours stand in the canonical
order."""

import datetime
import os
import random
import subprocess
import sys

SYSTEM_PYTHON = "/usr/bin/python3"

try:
    import botocore
    import botocore.auth
    import botocore.config
    import botocore.session
except ImportError:
    # another Python may stand before the system's in PATH
    if sys.executable != SYSTEM_PYTHON and os.access(SYSTEM_PYTHON, os.X_OK):
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON] + sys.argv)
    print("1..0 # SKIP botocore is missing (Debian: python3-botocore)")
    sys.exit(0)

PRESIGN = os.path.join(
    os.environ.get("top_builddir", "."), "t", "unit", "presign")
N_RANDOM = 4000
SEED = 20260415

# --- the clock ---

now = None


class Datetime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return now


class DatetimeModule:
    datetime = Datetime

    def __getattr__(self, name):
        return getattr(datetime, name)


if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now
else:
    botocore.auth.datetime = DatetimeModule()

# --- cases ---

AWKWARD = [
    "test.txt", "a", "a/b/c.png", "a b", " ", " a ", "a+b", "a=b", "a!b",
    "a*b", "a'b", "a(b)", "a$b", "a&b", "a,b", "a;b", "a:b", "a@b", "a~b",
    "a%b", "a%20b", "%", "%zz", "%2F", "a#b", "a?b", "a?b=c&d=e", 'a"b',
    "a<b>c", "a[b]", "a{b}", "a|b", "a\\b", "a^b", "a`b", "a_b", "a-b",
    "a.b", ".", "..", "./a", "../a", "a/./b", "a/../b", "a/..", "a/.",
    "/a", "//a", "/", "//", "a//b", "a///b", "a/", "a//", "/a/",
    "a\tb", "a\nb", "a\r\nb", "\x01", "\x1f", "\x7f", "a\x0bb",
    "\u00fc", "gr\u00fc\u00dfe/\u4f60\u597d.png", "\U0001f600", "\u00a0",
    "\u200b", "\u2028", "e\u0301", "\u00e9", "\ufeffa", "\uffff",
    "+", "=", "&", "~", "-_.~", "X-Amz-Signature=x", "a&X-Amz-Expires=1",
    "x" * 1024, "\u00fc" * 300, "/".join("abcdefghij" * 20),
]
LETTERS = list("abcXYZ019") + list("-_.~/ +=!*'$&,;:@%#?()\"\\<>[]{}|^`") + [
    "\t", "\n", "\x01", "\u00e4", "\u20ac", "\u4f60", "\U0001f680", "//", "/./",
    "/../", "%20"]

LONG_LIVED = ("AKIAIOSFODNN7EXAMPLE",
              "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
TEMPORARY = ("ASIAIOSFODNN7EXAMPLE", "a/b+c=d",
             "FwoGZXIvYXdzEBYaDH+/=~ &?#%" + "t" * 900)

# endpoint, region, bucket, style, credentials
PLACES = [
    (None, "eu-central-1", "examplebucket", "virtual", LONG_LIVED),
    (None, "eu-central-1", "examplebucket", "path", LONG_LIVED),
    (None, "ap-southeast-2", "my-bucket", "virtual", TEMPORARY),
    (None, "us-west-2", "dotted.bucket.name", "virtual", LONG_LIVED),
    (None, "us-east-1", "examplebucket", "virtual", LONG_LIVED),
    (None, "us-east-1", "examplebucket", "path", TEMPORARY),
    (None, "cn-north-1", "examplebucket", "virtual", LONG_LIVED),
    (None, "cn-northwest-1", "examplebucket", "path", TEMPORARY),
    (None, "us-gov-west-1", "examplebucket", "virtual", TEMPORARY),
    (None, "us-gov-east-1", "examplebucket", "path", LONG_LIVED),
    (None, "us-iso-east-1", "examplebucket", "virtual", LONG_LIVED),
    (None, "us-isob-east-1", "examplebucket", "virtual", LONG_LIVED),
    (None, "eu-central-1", "Upper_Case", "virtual", LONG_LIVED),
    ("https://s3.amazonaws.com", "us-east-1", "examplebucket", "virtual",
     LONG_LIVED),
    ("http://127.0.0.1:9000", "us-east-1", "minio", "path", LONG_LIVED),
    ("http://localhost:9000", "us-east-1", "minio", "virtual", TEMPORARY),
    ("https://media.example.org:8443", "eu-west-1", "b-1", "virtual",
     LONG_LIVED),
    ("https://media.example.org:8443", "eu-west-1", "b-1", "path",
     TEMPORARY),
    ("http://media.example.org", "eu-west-1", "dotted.name", "virtual",
     LONG_LIVED),
    ("https://media.example.org", "eu-west-1", "dotted.name", "virtual",
     LONG_LIVED),
    ("http://127.0.0.1:9000", "us-east-1", "minio", "virtual", LONG_LIVED),
    ("https://media.example.org:443", "eu-west-1", "b-1", "virtual",
     LONG_LIVED),
    ("http://media.example.org:80", "eu-west-1", "b-1", "path", LONG_LIVED),
    ("https://account.r2.example.org", "auto", "bucket", "path", LONG_LIVED),
    ("https://ceph.example.org", "default", "bucket", "virtual", LONG_LIVED),
]


# What the store is told to answer with; None: nothing.
DISPOSITIONS = [None, "inline", "attachment"]
CACHE_CONTROLS = [None, "no-store", "public, max-age=86400,immutable",
                  "private , no-cache"]


def random_key(dice):
    return "".join(dice.choices(LETTERS, k=dice.randint(1, 40)))


def cases():
    dice = random.Random(SEED)
    keys = AWKWARD + [random_key(dice) for _ in range(N_RANDOM)]
    for i, key in enumerate(keys):
        # each awkward key in two places of different styles
        places = dice.sample(PLACES, 1)
        if i < len(AWKWARD):
            places = [PLACES[i % len(PLACES)], PLACES[(i + 1) % len(PLACES)]]
        for place in places:
            yield (place, key, dice.randint(0, 4102444800),
                   dice.choice([1, 900, 1200, 86400, 604800]),
                   dice.choice(DISPOSITIONS), dice.choice(CACHE_CONTROLS))


# --- both sides ---

clients = {}


def endpoint_for_botocore(endpoint, region, style):
    """Old releases presign for Amazon's global host in the virtual style, but
    for the other partitions; ours is the region's, which answers without a
    redirect."""
    if (endpoint is None and style == "virtual"
            and not region.startswith(("cn-", "us-gov-", "us-iso"))):
        return "https://s3.%s.amazonaws.com" % region
    return endpoint


def client_of(place):
    if place not in clients:
        endpoint, region, _, style, credentials = place
        clients[place] = botocore.session.get_session().create_client(
            "s3", region_name=region,
            endpoint_url=endpoint_for_botocore(endpoint, region, style),
            aws_access_key_id=credentials[0],
            aws_secret_access_key=credentials[1],
            aws_session_token=credentials[2],
            config=botocore.config.Config(
                signature_version="s3v4", s3={
                    "addressing_style": style,
                    "us_east_1_regional_endpoint": "regional"}))
    return clients[place]


def without_port(url):
    """botocore writes a scheme's own port, but does not sign it either."""
    for begins, port in ("http://", ":80/"), ("https://", ":443/"):
        if url.startswith(begins):
            url = url.replace(port, "/", 1)
    return url


def in_canonical_order(url):
    path, query = without_port(url).split("?", 1)
    pairs, signature = query.rsplit("&X-Amz-Signature=", 1)
    return "%s?%s&X-Amz-Signature=%s" % (
        path, "&".join(sorted(pairs.split("&"))), signature)


def theirs(place, key, at, life, disposition, cache_control):
    global now
    now = Datetime(1970, 1, 1) + datetime.timedelta(seconds=at)
    params = {"Bucket": place[2], "Key": key}
    if disposition is not None:
        params["ResponseContentDisposition"] = disposition
    if cache_control is not None:
        params["ResponseCacheControl"] = cache_control
    return in_canonical_order(client_of(place).generate_presigned_url(
        "get_object", Params=params, ExpiresIn=life))


def line_of(place, key, at, life, disposition, cache_control):
    endpoint, region, bucket, style, credentials = place
    return "\t".join([
        endpoint or "-", region, bucket, style, credentials[0], credentials[1],
        credentials[2] or "-", str(at), str(life), disposition or "-",
        cache_control or "-", key.encode("utf-8").hex()]) + "\n"


def main():
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    todo = list(cases())
    ours = subprocess.run(
        [PRESIGN], input="".join(line_of(*case) for case in todo),
        stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout.splitlines()
    print("# botocore %s, %d URLs" % (botocore.__version__, len(todo)))
    n_bad = {place: [0, 0] for place in PLACES}
    for case, got in zip(todo, ours):
        want = theirs(*case)
        count = n_bad[case[0]]
        count[1] += 1
        if got != want:
            count[0] += 1
            if count[0] <= 2:
                print("# key %r\n#    got %s\n# wanted %s" % (
                    case[1], got, want), file=sys.stderr)
    good = len(ours) == len(todo)
    print("%sok 1 - a URL for each key" % ("" if good else "not "))
    for i, (place, (bad, n)) in enumerate(n_bad.items()):
        good = good and bad == 0
        print("%sok %d - %s %s, %s, %s%s: %d of %d differ" % (
            "" if bad == 0 and n > 0 else "not ", i + 2, place[0] or "Amazon",
            place[1], place[2], place[3],
            "" if place[4][2] is None else ", token", bad, n))
    print("1..%d" % (len(PLACES) + 1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
