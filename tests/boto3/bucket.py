"""boto3 against the bucket of `embedctl sandbox`: what works with the right keys, and how it is
refused with wrong ones. Run by tests/boto3/run, with the binary as the one argument."""

import contextlib
import datetime
import io
import json
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from unittest import mock

import boto3
import botocore.auth
import botocore.config
import botocore.exceptions

BINARY = sys.argv[1]
BUCKET = "acme-embedded"
AWKWARD = [
    "plain.txt", "with space/and more", "plus+plus", "per%cent%20", "accent/é ü 漢", "at@example.com/x",
    "a//b", "tail/", "quote'\"<&>", "~tilde*(!)", "q?x=y#z", "../up", "dot/./dot",
]

# Names below localhost are this machine, which not every resolver knows.
resolved = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: resolved(
    "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **named
)


@contextlib.contextmanager
def sandbox(*flags):
    command = [BINARY, "sandbox", "--bind", "127.0.0.1:0", "--output", "json", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def client(site, key=None, secret=None, region="us-east-1", style="path"):
    env = site["env"]
    endpoint = site["s3_url"]
    if style == "virtual":
        endpoint = endpoint.replace("127.0.0.1", "localhost")
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key or env["AWS_S3_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or env["AWS_S3_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(
            signature_version="s3v4", s3={"addressing_style": style}, retries={"max_attempts": 0}, proxies={}
        ),
    )
    return s3


def refused(code, status, call, **arguments):
    """The error, which must be of this code and status and have what S3 says with every error."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        answer = error.response
        meta = answer["ResponseMetadata"]
        assert answer["Error"]["Code"] == code, answer
        assert meta["HTTPStatusCode"] == status, answer
        assert meta["HTTPHeaders"]["x-amz-request-id"], answer
        assert "server" not in meta["HTTPHeaders"], answer
        return answer
    raise AssertionError(f"{code} was expected of {call.__name__} {arguments}")


def everything_with_the_right_keys(style, *flags):
    with sandbox(*flags) as site:
        s3 = client(site, style=style)
        assert s3.head_bucket(Bucket=BUCKET)["BucketRegion"] == "us-east-1"
        assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0

        for key in AWKWARD:
            written = s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode(), Metadata={"ab-generation-id": "7"})
            read = s3.get_object(Bucket=BUCKET, Key=key)
            assert read["Body"].read() == key.encode(), key
            assert read["ETag"] == written["ETag"], key
            assert read["Metadata"] == {"ab-generation-id": "7"}, key
        listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        assert [entry["Key"] for entry in listed] == sorted(AWKWARD, key=str.encode), listed
        assert [entry["Key"] for entry in s3.list_objects(Bucket=BUCKET)["Contents"]] == sorted(AWKWARD, key=str.encode)
        for key in AWKWARD:
            found = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
            assert found[0]["Key"] == key and found[0]["Size"] == len(key.encode()), found

        for size in [1, 2, 5, 1000]:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": size})
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            assert keys == sorted(AWKWARD, key=str.encode), (size, keys)
            for version in ["list_objects_v2", "list_objects"]:
                pages = s3.get_paginator(version).paginate(Bucket=BUCKET, Delimiter="/", PaginationConfig={"PageSize": size})
                pages = list(pages)
                groups = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
                assert groups == sorted({k.split("/")[0] + "/" for k in AWKWARD if "/" in k}, key=str.encode), (size, groups)
        after = s3.list_objects_v2(Bucket=BUCKET, StartAfter="plain.txt")["Contents"]
        assert [entry["Key"] for entry in after] == [k for k in sorted(AWKWARD, key=str.encode) if k > "plain.txt"]

        part = s3.get_object(Bucket=BUCKET, Key="plain.txt", Range="bytes=2-4")
        assert part["Body"].read() == b"ain" and part["ContentRange"] == "bytes 2-4/9", part
        assert s3.get_object(Bucket=BUCKET, Key="plain.txt", Range="bytes=-3")["Body"].read() == b"txt"
        head = s3.head_object(Bucket=BUCKET, Key="plain.txt")
        assert head["ContentLength"] == 9 and head["ContentType"] == "binary/octet-stream", head

        # A stream of unknown hash, which is sent in signed pieces; and 20 MB, which is sent in parts.
        s3.put_object(Bucket=BUCKET, Key="stream", Body=io.BytesIO(b"x" * 300_000), ContentType="text/csv")
        assert s3.head_object(Bucket=BUCKET, Key="stream")["ContentType"] == "text/csv"
        large = bytes(range(256)) * 80_000
        s3.upload_fileobj(io.BytesIO(large), BUCKET, "large")
        assert s3.head_object(Bucket=BUCKET, Key="large")["ETag"].endswith('-3"')
        there = io.BytesIO()
        s3.download_fileobj(BUCKET, "large", there)
        assert there.getvalue() == large

        url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "with space/and more"})
        assert urllib.request.urlopen(url).read() == b"with space/and more"

        s3.delete_object(Bucket=BUCKET, Key="plain.txt")
        s3.delete_object(Bucket=BUCKET, Key="plain.txt")
        gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in AWKWARD]})
        assert len(gone["Deleted"]) == len(AWKWARD), gone
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 2
        refused("NoSuchKey", 404, s3.get_object, Bucket=BUCKET, Key="plain.txt")
        refused("404", 404, s3.head_object, Bucket=BUCKET, Key="plain.txt")
        refused("InvalidRange", 416, s3.get_object, Bucket=BUCKET, Key="stream", Range="bytes=300000-")


def wrong_keys_are_refused():
    with sandbox() as site:
        for style in ["path", "virtual"]:
            unknown = client(site, key="AKIAIOSFODNN7EXAMPLE", style=style)
            said = refused("InvalidAccessKeyId", 403, unknown.list_objects_v2, Bucket=BUCKET)
            assert said["Error"]["AWSAccessKeyId"] == "AKIAIOSFODNN7EXAMPLE", said
            wrong = client(site, secret="wrong", style=style)
            refused("SignatureDoesNotMatch", 403, wrong.list_objects_v2, Bucket=BUCKET)
            refused("SignatureDoesNotMatch", 403, wrong.put_object, Bucket=BUCKET, Key="k", Body=b"x")
            refused("403", 403, wrong.head_bucket, Bucket=BUCKET)
        refused("NoSuchBucket", 404, client(site).list_objects_v2, Bucket="somebody-elses")
        refused("404", 404, client(site).head_bucket, Bucket="somebody-elses")
        try:
            urllib.request.urlopen(f"{site['s3_url']}/{BUCKET}")
            raise AssertionError("anonymous")
        except urllib.error.HTTPError as error:
            assert error.code == 403 and b"<Code>AccessDenied</Code>" in error.read()


def the_right_region_is_named_and_followed():
    seen = []

    def note(response, **_):
        if response is not None and response[0].status_code >= 300:
            http, parsed = response
            seen.append((http.status_code, parsed["Error"], http.headers.get("x-amz-bucket-region")))

    with sandbox() as site:
        s3 = client(site, region="eu-west-1")
        s3.meta.events.register_first("needs-retry.s3", note)
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
        status, error, _ = seen[0]
        assert (status, error["Code"], error["Region"]) == (400, "AuthorizationHeaderMalformed", "us-east-1"), seen
    seen.clear()
    with sandbox("--fault", "bucket-region:eu-west-1") as site:
        s3 = client(site)
        s3.meta.events.register_first("needs-retry.s3", note)
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
        status, error, region = seen[0]
        assert (status, error["Code"], region) == (301, "PermanentRedirect", "eu-west-1"), seen
        assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == "eu-west-1"


def faults_come_in_the_wire_s_own_shapes():
    for fault, code, status, call, arguments in [
        ("bucket-missing", "NoSuchBucket", 404, "list_objects_v2", {}),
        ("s3.list=deny", "AccessDenied", 403, "list_objects_v2", {}),
        ("s3.list=deny", "403", 403, "head_bucket", {}),
        ("s3.list=deny", "AccessDenied", 403, "get_object", {"Key": "none"}),
        ("s3.put=deny", "AccessDenied", 403, "put_object", {"Key": "k", "Body": b"x"}),
        ("s3.get=deny", "AccessDenied", 403, "get_object", {"Key": "k"}),
        ("s3.get=deny", "403", 403, "head_object", {"Key": "k"}),
        ("s3.delete=deny", "AccessDenied", 403, "delete_object", {"Key": "k"}),
        ("s3=status:503", "SlowDown", 503, "list_objects_v2", {}),
        ("s3=status:500:InternalError", "InternalError", 500, "list_objects_v2", {}),
    ]:
        with sandbox("--fault", fault) as site:
            said = refused(code, status, getattr(client(site), call), Bucket=BUCKET, **arguments)
            if code == "AccessDenied":
                assert "is not authorized to perform: s3:" in said["Error"]["Message"], said


def a_clock_that_is_off_is_refused():
    def later(*_, **__):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=20)

    with sandbox() as site, mock.patch.object(botocore.auth, "get_current_datetime", later):
        said = refused("RequestTimeTooSkewed", 403, client(site).list_objects_v2, Bucket=BUCKET)
        assert said["Error"]["ServerTime"] and said["Error"]["MaxAllowedSkewMilliseconds"] == "900000", said
    with sandbox("--fault", "skew:-3600") as site:
        refused("RequestTimeTooSkewed", 403, client(site).list_objects_v2, Bucket=BUCKET)


def a_folder_outlives_the_sandbox():
    with tempfile.TemporaryDirectory() as folder:
        with sandbox("--dir", folder, "--seed", "1") as site:
            for key in AWKWARD:
                client(site).put_object(Bucket=BUCKET, Key=key, Body=key.encode(), Metadata={"k": "v"})
            before = client(site).list_objects_v2(Bucket=BUCKET)["Contents"]
        with sandbox("--dir", folder, "--seed", "1") as site:
            s3 = client(site)
            assert s3.list_objects_v2(Bucket=BUCKET)["Contents"] == before
            for key in AWKWARD:
                read = s3.get_object(Bucket=BUCKET, Key=key)
                assert read["Body"].read() == key.encode() and read["Metadata"] == {"k": "v"}, key


everything_with_the_right_keys("path")
everything_with_the_right_keys("virtual")
with tempfile.TemporaryDirectory() as home:
    everything_with_the_right_keys("path", "--dir", home)
wrong_keys_are_refused()
the_right_region_is_named_and_followed()
faults_come_in_the_wire_s_own_shapes()
a_clock_that_is_off_is_refused()
a_folder_outlives_the_sandbox()
print("boto3 and the sandbox's bucket agree")
