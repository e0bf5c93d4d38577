"""What AWS charges in us-east-1, in dollars: list prices, without free tiers and discounts.

Written down from memory in November 2026, and never looked up since: compare them with https://calculator.aws before
you rely on a figure.
"""

LAMBDA_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
LAMBDA_REQUEST = 0.20 / 1e6
S3_PUT = 0.005 / 1e3  # also LIST and POST
S3_GET = 0.0004 / 1e3
S3_GB_MONTH = ((50_000, 0.023), (450_000, 0.022), (float("inf"), 0.021))  # so many GB at that, then the next
DYNAMODB_WRITE_UNIT = 0.625 / 1e6  # on demand
DYNAMODB_READ_UNIT = 0.125 / 1e6
DYNAMODB_GB_MONTH = 0.25
DYNAMODB_RECOVERY_GB_MONTH = 0.20  # point in time recovery
SQS_REQUEST = 0.40 / 1e6
API_GATEWAY_REQUEST = 3.50 / 1e6  # REST
CLOUDFRONT_GB = 0.085  # to North America and Europe
CLOUDFRONT_REQUEST = 0.0100 / 1e4  # HTTPS
LOGS_GB = 0.50
METRIC_MONTH = 0.30
