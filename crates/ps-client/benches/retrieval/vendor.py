"""The same cycle by the vendor's published Python library: find, request, read, give back.

Arguments: address, CA file, API key text, cycles. Prints seconds and CPU seconds as JSON.
"""

import json
import os
import resource
import sys
import time

os.environ.pop("REQUESTS_CA_BUNDLE", None)
os.environ.pop("CURL_CA_BUNDLE", None)

import requests  # noqa: E402
from secrets_safe_library import authentication, managed_account  # noqa: E402

url, ca, key, cycles = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
auth = authentication.Authentication(
    req=requests.Session(), api_url=url, verify_ca=ca, api_version="3.1", api_key=key
)
assert auth.get_api_access().status_code == 200
accounts = managed_account.ManagedAccount(authentication=auth, separator="/")
accounts.get_secret("App01/helpdesk-01")


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


begun, used = time.perf_counter(), cpu()
for _ in range(cycles):
    assert accounts.get_secret("App01/helpdesk-01")
print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": cpu() - used}))
auth.sign_app_out()
