//! The verbs over the store.

use std::sync::Arc;
use std::time::SystemTime;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket as Line,
    BucketLocationConstraint, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag, ETagCondition,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
    ListBucketsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, PutObjectInput, PutObjectOutput, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::access::{Verdict, denied};
use super::content::{about, metadata, number, pieces, receive, stored, timestamp, unsatisfiable};
use super::listing::{self, owner};
use super::uploads::Uploads;
use super::{HOME, region};
use crate::sandbox::Sandbox;
use crate::sandbox::store::{Object, Store};

/// Most keys in one DELETE of many.
const MAX_DELETED: usize = 1000;

/// The one bucket.
pub(super) struct Bucket {
    sandbox: Sandbox,
    store: Store,
    name: String,
    uploads: Arc<Uploads>,
}

impl Bucket {
    pub(super) fn new(sandbox: Sandbox, store: Store, name: String) -> Self {
        Self {
            sandbox,
            store,
            name,
            uploads: Arc::default(),
        }
    }

    /// The object, or the error that S3 gives for a missing one: without the right to list, nobody
    /// is told which keys exist.
    fn find(
        &self,
        key: &str,
        verdict: Option<&Verdict>,
    ) -> S3Result<(Object, Option<std::fs::File>)> {
        let found = self.store.opened(key).map_err(S3Error::internal_error)?;
        found.ok_or_else(|| match verdict.and_then(|verdict| verdict.blind.clone()) {
            Some(why) => denied(why),
            None => s3_error!(NoSuchKey),
        })
    }
}

#[async_trait::async_trait]
impl S3 for Bucket {
    async fn list_buckets(
        &self,
        _: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(vec![Line {
                name: Some(self.name.clone()),
                creation_date: Some(Timestamp::from(SystemTime::UNIX_EPOCH)),
                ..Line::default()
            }]),
            owner: Some(owner()),
            ..ListBucketsOutput::default()
        }))
    }

    async fn head_bucket(
        &self,
        _: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(region(&self.sandbox.world())),
            access_point_alias: Some(false),
            ..HeadBucketOutput::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        _: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let region = region(&self.sandbox.world());
        // The oldest region has no name here.
        let named = (region != HOME).then(|| BucketLocationConstraint::from(region));
        Ok(S3Response::new(GetBucketLocationOutput {
            location_constraint: named,
        }))
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        listing::first(&self.store, request.input).map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        listing::second(&self.store, request.input).map(S3Response::new)
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_none_match == Some(ETagCondition::Any) && self.store.get(&input.key).is_some() {
            return Err(s3_error!(PreconditionFailed));
        }
        let draft = receive(
            &self.store,
            input.body,
            input.content_length,
            input.content_md5.as_deref(),
        )
        .await?;
        let about = about(&request.headers, input.metadata);
        let object = self
            .store
            .commit(&input.key, draft, about)
            .map_err(S3Error::internal_error)?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(object.etag)),
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let (object, file) = self.find(&request.input.key, request.extensions.get())?;
        let whole = 0..object.size;
        let part = match &request.input.range {
            None => whole,
            Some(range) => range
                .check(object.size)
                .map_err(|_unsatisfiable| unsatisfiable(&object))?,
        };
        let content_range = request.input.range.is_some().then(|| {
            format!(
                "bytes {}-{}/{}",
                part.start,
                part.end.saturating_sub(1),
                object.size
            )
        });
        let output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: number(part.end - part.start),
            content_range,
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(&object)),
            metadata: metadata(&object),
            body: Some(pieces(&object, file, part)),
            ..GetObjectOutput::default()
        };
        Ok(S3Response::with_headers(output, stored(&object)))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let (object, _) = self.find(&request.input.key, request.extensions.get())?;
        let output = HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: number(object.size),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(&object)),
            metadata: metadata(&object),
            ..HeadObjectOutput::default()
        };
        Ok(S3Response::with_headers(output, stored(&object)))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.store.delete(&request.input.key);
        let output = S3Response::new(DeleteObjectOutput::default());
        Ok(output)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let delete = request.input.delete;
        if delete.objects.is_empty() || delete.objects.len() > MAX_DELETED {
            return Err(s3_error!(MalformedXML));
        }
        let deleted = delete.objects.into_iter().map(|object| {
            self.store.delete(&object.key);
            DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            }
        });
        let deleted: Vec<DeletedObject> = deleted.collect();
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (delete.quiet != Some(true)).then_some(deleted),
            ..DeleteObjectsOutput::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let about = about(&request.headers, request.input.metadata);
        let upload_id = self.uploads.begin(&request.input.key, about);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(request.input.bucket),
            key: Some(request.input.key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let draft = receive(
            &self.store,
            input.body,
            input.content_length,
            input.content_md5.as_deref(),
        )
        .await?;
        let etag = self
            .uploads
            .add(&input.upload_id, &input.key, input.part_number, draft)?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let parts = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let object = self
            .uploads
            .complete(&self.store, &input.upload_id, &input.key, &parts)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(object.etag)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.uploads
            .abort(&request.input.upload_id, &request.input.key)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
