#!/bin/sh
# Airbyte Embedded's three calls, with curl: access token, connection template, widget token.
# Written by embedctl for the __API__ API; yours to change. It needs a POSIX shell, curl, sed, awk.
#
#   sh airbyte-embedded.sh                 all three; asks before it creates the template
#   sh airbyte-embedded.sh access-token    do the credentials work?
#   sh airbyte-embedded.sh template        the one-time set-up; CONFIRM=yes where nobody can be asked
#   sh airbyte-embedded.sh widget-token    prints a widget token for EXTERNAL_USER_ID
#
# Settings come from the environment, else from .env (or the file that ENV_FILE names), which is read
# and never executed. Secrets reach curl by its standard input, so that `ps` shows none.
#
# Exit: 0 done, 2 usage or not confirmed, 3 a setting, 4 refused, 5 network, 6 the service,
# 7 unknown: the template may exist.
set -u
umask 077

say() { printf '%s\n' "$*" >&2; }
die() { code=$1; shift; say "error: $*"; exit "$code"; }

SETTINGS="AIRBYTE_ORGANIZATION_ID AIRBYTE_CLIENT_ID AIRBYTE_CLIENT_SECRET EXTERNAL_USER_ID
AWS_S3_ACCESS_KEY_ID AWS_S3_SECRET_ACCESS_KEY S3_BUCKET_NAME S3_PATH_PREFIX S3_BUCKET_REGION
S3_ENDPOINT TEMPLATE_NAME ALLOWED_ORIGIN BASE_URL"

# Takes NAME=value, NAME='value' and NAME="value"; the environment outranks the file.
read_env_file() {
  [ -f "$1" ] || return 0
  return_mark=$(printf '\r')
  for name in $SETTINGS; do eval "given_$name=\${$name:+yes}"; done
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%"$return_mark"}
    line=${line#export }
    name=${line%%=*}
    case " $(echo $SETTINGS) " in *" $name "*) ;; *) continue ;; esac
    eval "[ -z \"\$given_$name\" ]" || continue
    value=${line#*=}
    case $value in
      \'*) value=${value#?}; value=${value%%\'*} ;;
      \"*) value=${value#?}; value=${value%%\"*} ;;
      *) value=${value%%" #"*} ;;
    esac
    eval "$name=\$value"
  done <"$1"
}

need() {
  for name; do
    eval "value=\${$name:-}"
    case $value in
      '') die 3 "$name is not set, neither in the environment nor in ${ENV_FILE:-.env}" ;;
      *[[:cntrl:]]*) die 3 "$name holds a control character" ;;
    esac
  done
}

# A value as JSON has it.
json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

# The first text of this name in ANSWER.
field() {
  printf '%s\n' "$ANSWER" | awk -v name="\"$1\"" '
    { all = all $0 }
    END {
      if (!match(all, name "[ \t]*:[ \t]*\"[^\"]*\"")) exit
      text = substr(all, RSTART + length(name), RLENGTH - length(name) - 1)
      sub(/^[ \t]*:[ \t]*"/, "", text)
      gsub(/\\\//, "/", text)
      print text
    }'
}

# Sends the JSON on standard input to a path. Sets ANSWER, STATUS, and CURL, which is curl's exit code.
# Redirects are not followed, certificates are checked, and no ~/.curlrc can change that.
post() {
  body=$(tr '\n' ' ' | sed 's/\\/\\\\/g; s/"/\\"/g')
  ANSWER=$(
    {
      printf 'url = "%s"\n' "$API$1"
      printf 'header = "%s"\n' 'Accept: application/json' 'Content-Type: application/json'
      if [ -n "${BEARER:-}" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$BEARER"
        __ORGANIZATION_HEADER__
      fi
      printf 'data-binary = "%s"\n' "$body"
    } | curl -q --silent --show-error --connect-timeout 5 --max-time 30 \
      --config - --write-out '\n%{http_code}'
  ) && CURL=0 || CURL=$?
  STATUS=$(printf '%s\n' "$ANSWER" | sed -n '$p')
  ANSWER=$(printf '%s\n' "$ANSWER" | sed '$d')
}

# Ends the script when the call to this path was not answered with success.
expect_success() {
  [ "$CURL" -eq 0 ] || die 5 "POST $API$1: no answer (curl exit $CURL)"
  case $STATUS in
    2??) return ;;
    401) code=4 hint='are the client ID and secret right?' ;;
    403) code=4 hint='may these credentials use Embedded for this organization?' ;;
    404 | 3??) code=6 hint='has the organization moved? embedctl export curl --api agents' ;;
    *) code=6 hint='the message above is all it told' ;;
  esac
  for name in title detail message errorId; do
    told=$(field "$name" | tr -d '\000-\037\177' | cut -c 1-300)
    [ -z "$told" ] || say "$name: $told"
  done
  die "$code" "POST $API$1 answered $STATUS: $hint"
}

# --- the calls -----------------------------------------------------------------------------------

access_token() {
  need AIRBYTE_CLIENT_ID AIRBYTE_CLIENT_SECRET
  BEARER=
  post __ACCESS_TOKEN_PATH__ <<JSON
__ACCESS_TOKEN_BODY__
JSON
  expect_success __ACCESS_TOKEN_PATH__
  BEARER=$(field access_token)
  case $BEARER in '' | *[!A-Za-z0-9._~+/=-]*) die 6 "the answer holds no access token" ;; esac
  say "access token: granted"
}

# Not to be repeated: two templates of one name break every new customer.
template() {
  need AIRBYTE_ORGANIZATION_ID __TEMPLATE_NEEDS__
  S3_PATH_PREFIX=${S3_PATH_PREFIX#/}
  S3_PATH_PREFIX=${S3_PATH_PREFIX%/}
  confirm
  [ -n "${BEARER:-}" ] || access_token
  post __TEMPLATE_PATH__ <<JSON
__TEMPLATE_BODY__
JSON
  case $CURL in
    0) ;;
    5 | 6 | 7 | 35 | 60 | 77 | 97) die 5 "POST ${API}__TEMPLATE_PATH__: not sent (curl exit $CURL)" ;;
    *) unknown "no answer (curl exit $CURL)" ;;
  esac
  case $STATUS in
    408 | 5??) unknown "it answered $STATUS" ;;
    2??) ;;
    *) expect_success __TEMPLATE_PATH__ ;;
  esac
  id=$(field id)
  [ -n "$id" ] || unknown "the answer holds no id"
  say "connection template $TEMPLATE_NAME: created"
  printf '%s\n' "$id"
}

confirm() {
  if [ "${CONFIRM:-}" != yes ]; then
    [ -t 0 ] || die 2 "creating the connection template needs a confirmation: CONFIRM=yes (widget-token is a step of its own)"
    printf 'Create the connection template %s, once for all customers? [y/N] ' "$TEMPLATE_NAME" >&2
    read -r reply
    case $reply in y | Y | yes) ;; *) die 2 "nothing was sent" ;; esac
  fi
}

unknown() {
  die 7 "the connection template may exist: $1. Look in Airbyte before you send it again."
}

# A user without a workspace gets one, so the template comes first.
widget_token() {
  need AIRBYTE_ORGANIZATION_ID EXTERNAL_USER_ID ALLOWED_ORIGIN
  [ -n "${BEARER:-}" ] || access_token
  post __WIDGET_TOKEN_PATH__ <<JSON
__WIDGET_TOKEN_BODY__
JSON
  expect_success __WIDGET_TOKEN_PATH__
  token=$(field token)
  [ -n "$token" ] || die 6 "the answer holds no token"
  say "widget token for $EXTERNAL_USER_ID: opens on $ALLOWED_ORIGIN, and is a key to that user's workspace"
  printf '%s\n' "$token"
}

# --- begin ---------------------------------------------------------------------------------------

read_env_file "${ENV_FILE:-.env}"
[ -n "${BASE_URL:-}" ] || BASE_URL=__BASE_URL__
[ -n "${ALLOWED_ORIGIN:-}" ] || ALLOWED_ORIGIN=__ALLOWED_ORIGIN__
[ -n "${TEMPLATE_NAME:-}" ] || TEMPLATE_NAME=__TEMPLATE_NAME__

API=${BASE_URL%/}
case $API in
  *[!A-Za-z0-9.:/_%-]* | *'['*) die 3 "BASE_URL is not a plain URL" ;;
  https://*) ;;
  http://localhost | http://localhost[:/]* | http://127.0.0.1 | http://127.0.0.1[:/]*)
    no_proxy='*'
    export no_proxy ;;
  *) die 3 "BASE_URL must be https: credentials would cross the network in clear" ;;
esac
case ${API#*://} in
  */*) ;;
  *) API=${API}__API_ROOT__ ;;
esac

case ${1-all} in
  all) access_token && template && widget_token ;;
  access-token) access_token ;;
  template) template ;;
  widget-token) widget_token ;;
  *) die 2 "possible are access-token, template, widget-token; none for all three" ;;
esac
