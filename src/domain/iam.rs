//! The IAM policy that Airbyte's S3 destination, and our own probe, need.
//!
//! Depends on nothing of ours. The actions are those that Airbyte's documentation of the S3
//! destination lists; object rights alone are not enough.

use serde_json::{Value, json};

/// Returns the AWS partition that a region belongs to.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// Returns the policy for exactly this bucket and prefix.
///
/// `s3:AbortMultipartUpload` stands in both statements: the documentation lists it for the bucket,
/// and AWS asks for it on the object.
pub fn policy(bucket: &str, prefix: &str, region: &str) -> Value {
    let bucket = format!("arn:{}:s3:::{bucket}", partition(region.trim()));
    let objects = match prefix.trim().trim_matches('/') {
        "" => format!("{bucket}/*"),
        prefix => format!("{bucket}/{prefix}/*"),
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AirbyteObjects",
                "Effect": "Allow",
                "Action": [
                    "s3:PutObject",
                    "s3:GetObject",
                    "s3:DeleteObject",
                    "s3:PutObjectAcl",
                    "s3:AbortMultipartUpload",
                ],
                "Resource": objects,
            },
            {
                "Sid": "AirbyteBucket",
                "Effect": "Allow",
                "Action": [
                    "s3:ListBucket",
                    "s3:ListBucketMultipartUploads",
                    "s3:AbortMultipartUpload",
                    "s3:GetBucketLocation",
                ],
                "Resource": bucket,
            },
        ],
    })
}

/// Returns the policy as text, indented.
pub fn text(bucket: &str, prefix: &str, region: &str) -> String {
    format!("{:#}", policy(bucket, prefix, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(prefix: &str, region: &str) -> Vec<String> {
        let policy = policy("acme", prefix, region);
        let statements = policy["Statement"].as_array().unwrap();
        statements
            .iter()
            .map(|s| s["Resource"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn it_names_this_bucket_and_prefix_and_their_partition() {
        let cases = [
            ("customers", "us-east-1", "arn:aws:s3:::acme/customers/*"),
            ("/a/b/", "eu-west-1", "arn:aws:s3:::acme/a/b/*"),
            ("", "", "arn:aws:s3:::acme/*"),
            ("x", "cn-north-1", "arn:aws-cn:s3:::acme/x/*"),
            ("x", "us-gov-west-1", "arn:aws-us-gov:s3:::acme/x/*"),
        ];
        for (prefix, region, objects) in cases {
            let bucket = objects.split('/').next().unwrap();
            assert_eq!(resources(prefix, region), [objects, bucket]);
        }
    }

    /// The file with which a server of others, that checks policies, lets our probe pass.
    #[test]
    fn the_policy_that_moto_is_given_is_this_one() {
        let given = include_str!("../../tests/moto/policy.json");
        assert_eq!(
            given.trim_end(),
            text("acme-embedded", "customers", "eu-west-1")
        );
    }

    #[test]
    fn every_action_is_one_of_s3() {
        let policy = text("acme", "x", "us-east-1");
        assert_eq!(policy.matches("\"s3:").count(), 9, "{policy}");
        assert!(!policy.contains("s3:*"));
    }
}
