"""The bucket rung and `verify` against moto's S3 server, whose objects boto3 wrote in the connector's
layout. Run by tests/moto/run, with the binary as the one argument."""

import contextlib
import gzip
import json
import logging
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import uuid

import boto3
import botocore.config
from moto.core import enable_iam_authentication
from moto.server import ThreadedMotoServer

BINARY = os.path.abspath(sys.argv[1])
BUCKET, PREFIX, REGION = "acme-embedded", "customers", "eu-west-1"
SOURCE = "0f2d5c1e-7f0b-4f5e-9d43-1f3a3c9a77b1"
WRITTEN = 1_795_428_003_121
# What the connector's S3-safe rule makes of external user IDs.
FOLDERS = {
    "user-42": "user-42",
    "acme GmbH": "acme_GmbH",
    "a/b": "a/b",
    "a+b": "a+b",
    "50%": "50_",
    "Zoë": "Zoe",
    "jo@acme.example": "jo@acme.example",
}


def client(service, endpoint, key, secret):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"max_attempts": 0}, proxies={}),
    )


def row(number):
    return {
        "_airbyte_raw_id": str(uuid.uuid4()),
        "_airbyte_extracted_at": WRITTEN + number,
        "_airbyte_meta": {"sync_id": 1, "changes": []},
        "_airbyte_generation_id": 0,
        "_airbyte_data": {"id": number, "name": "Zoë, \"x\"\n\x1b[2J"},
    }


def jsonl(count):
    return "".join(json.dumps(row(number)) + "\n" for number in range(count)).encode()


def csv(count):
    head = "_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,_airbyte_generation_id,id,note\n"
    line = '{},{},"{{""changes"":[]}}",0,{},"two\nlines, ""quoted"""\n'
    return (head + "".join(line.format(uuid.uuid4(), WRITTEN + n, n) for n in range(count))).encode()


def put(s3, user, stream, part, ending, body):
    name = f"2026_11_23_1795428000000_{part}.{ending}"
    key = f"{PREFIX}/{FOLDERS[user]}/{SOURCE}_{stream}/{name}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata={"ab-generation-id": "0"})


@contextlib.contextmanager
def sandbox(*flags):
    """An API for the chain; its own bucket is not used."""
    command = [BINARY, "sandbox", "--bind", "127.0.0.1:0", "--output", "json", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield json.loads(process.stdout.readline())["env"]
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def embedctl(settings, *arguments, code=0):
    with tempfile.TemporaryDirectory() as home:
        pathlib.Path(home, ".env").write_text("".join(f"{k}='{v}'\n" for k, v in settings.items()))
        os.chmod(pathlib.Path(home, ".env"), 0o600)
        environment = {"HOME": home, "XDG_STATE_HOME": f"{home}/state"}
        ran = subprocess.run(
            [BINARY, *arguments, "--output", "json"], cwd=home, env=environment, capture_output=True, timeout=120
        )
    assert ran.returncode == code, (arguments, ran)
    return json.loads(ran.stdout)


def keys(s3):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def streams(document):
    return {s["name"]: (s["objects"], s["rows"]) for s in document["data"]["streams"]}


def the_bucket_rung_passes_and_leaves_nothing(s3, settings):
    before = keys(s3)
    for extra in [[], ["--read-only"]]:
        document = embedctl(settings, "check", "--only", "bucket", *extra)
        rung = next(r for r in document["data"]["rungs"] if r["id"] == "bucket")
        assert rung["status"] == "pass", rung
    assert keys(s3) == before


def refusals_are_told_apart(settings):
    for name, value, code in [
        ("AWS_S3_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "bucket.keys"),
        ("AWS_S3_SECRET_ACCESS_KEY", "wrong", "bucket.keys"),
        ("S3_BUCKET_NAME", "somebody-elses", "bucket.denied"),
        ("S3_PATH_PREFIX", "elsewhere", "bucket.denied"),
    ]:
        document = embedctl({**settings, name: value}, "check", "--only", "bucket", code=9)
        assert document["error"]["code"] == code, (name, document)


def rows_are_counted(settings):
    document = embedctl(settings, "verify", "--sample", "1")
    assert streams(document) == {"users": (3, 350), "notes": (1, 40), "wide": (2, None)}, document
    assert document["data"]["complete"] is True, document
    users = next(s for s in document["data"]["streams"] if s["name"] == "users")
    assert users["newest_extracted_at"] == "2026-11-23T10:00:03Z", users
    sample = next(s for s in document["data"]["sample"] if s["stream"] == "users")
    assert sample["row"]["name"] == "Zoë, \"x\"␊␛[2J", sample


def users_are_found_by_any_name(settings):
    for user in FOLDERS:
        document = embedctl(settings, "verify", user)
        assert "users" in streams(document), (user, document)


def a_chain_that_cannot_be_read_hides_nothing(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}"
        down = {**settings, "BASE_URL": dead}
        documents = [embedctl(down, "verify")]
    for fault in ["token=status:401", "any=status:500", "workspaces=status:403"]:
        with sandbox("--fault", fault) as env:
            documents.append(embedctl({**settings, **airbyte(env)}, "verify"))
    for document in documents:
        assert document["data"]["chain"][0]["status"] == "unknown", document
        assert streams(document)["users"] == (3, 350), document
        assert document["data"]["reason"] is None, document


def listings_are_paged(s3, settings):
    body = jsonl(1)
    for part in range(1_100):
        put(s3, "a+b", "many", part, "avro", body)
    found = embedctl(settings, "verify", "a+b")
    many = next(s for s in found["data"]["streams"] if s["name"] == "many")
    assert many["objects"] == 1_100 and many["bytes"] == 1_100 * len(body), many


def airbyte(env):
    return {name: env[name] for name in env if not name.startswith(("S3_", "AWS_"))}


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
try:
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    root = client("s3", endpoint, "root", "root")
    root.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    iam = client("iam", endpoint, "root", "root")
    iam.create_user(UserName="airbyte")
    # What the console shows under the key i on the rail; a unit test holds the file to that.
    policy = pathlib.Path(__file__).with_name("policy.json").read_text()
    iam.put_user_policy(UserName="airbyte", PolicyName="airbyte", PolicyDocument=policy)
    made = iam.create_access_key(UserName="airbyte")["AccessKey"]
    # From here on nobody is let in unasked.
    auth = contextlib.ExitStack()
    auth.enter_context(enable_iam_authentication())
    s3 = client("s3", endpoint, made["AccessKeyId"], made["SecretAccessKey"])

    put(s3, "user-42", "users", 0, "jsonl.gz", gzip.compress(jsonl(200)))
    put(s3, "user-42", "users", 1, "jsonl", jsonl(100))
    put(s3, "user-42", "users", 2, "jsonl.gz", gzip.compress(jsonl(20)) + gzip.compress(jsonl(30)))
    put(s3, "user-42", "notes", 0, "csv.gz", gzip.compress(csv(40)))
    put(s3, "user-42", "wide", 0, "parquet", b"PAR1")
    put(s3, "user-42", "wide", 1, "avro", b"Obj\x01")
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/user-42/_airbyte_connection_test_1", Body=b"{}")
    for user in FOLDERS:
        if user != "user-42":
            put(s3, user, "users", 0, "jsonl", jsonl(3))

    with sandbox() as env:
        settings = {
            **airbyte(env),
            "AWS_S3_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_S3_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            "S3_BUCKET_NAME": BUCKET,
            "S3_PATH_PREFIX": PREFIX,
            "S3_BUCKET_REGION": REGION,
            "S3_ENDPOINT": endpoint,
        }
        the_bucket_rung_passes_and_leaves_nothing(s3, settings)
        refusals_are_told_apart(settings)
        rows_are_counted(settings)
        users_are_found_by_any_name(settings)
        a_chain_that_cannot_be_read_hides_nothing(settings)
        listings_are_paged(s3, settings)
finally:
    server.stop()
print("moto's bucket and embedctl agree")
