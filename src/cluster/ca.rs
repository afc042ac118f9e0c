//! A cluster's own CA: a directory that is kept away from the cluster's machines, since who has its key is everybody.
//!
//! ```text
//! cluster-id      the cluster's id
//! ca.pem          the CA's certificate; two while the CA is changed, the newer one first
//! ca-key.pem      the newer one's key
//! ```
//!
//! Changing it takes three steps, so that links can be made at any time: a second CA beside the first one, whose file goes
//! to every machine; certificates of the new one; the first one taken out.

use super::{ClusterId, tls_files};
use crate::certificates;
use crate::secrets;
use anyhow::{Context, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_link::{Role, TlsFiles};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Certificates.
const CERTIFICATES: &str = "ca.pem";
/// The key of the first of them.
const KEY: &str = "ca-key.pem";
/// The cluster's id.
const ID: &str = "cluster-id";
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A CA is good for ten years.
const CA_TIME: Duration = DAY.saturating_mul(3_650);
/// Clocks may be off by so much when a certificate is first shown.
const CLOCKS_OFF: Duration = Duration::from_secs(3_600);

/// The directory.
#[derive(Debug)]
pub(crate) struct Ca {
    dir: PathBuf,
    pub(crate) id: ClusterId,
}

impl Ca {
    /// Makes one, for a cluster of its own. There must be none in the directory.
    pub(crate) fn make(dir: &Path) -> anyhow::Result<Self> {
        ensure!(!Self::is_in(dir), "there is a CA in {}", dir.display());
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let ca = Self { dir: dir.to_owned(), id: ClusterId::random()? };
        ca.write(CERTIFICATES, &ca.new_key(1)?)?;
        ca.write(ID, &format!("{}\n", ca.id))?;
        Ok(ca)
    }

    /// Whether there is one.
    pub(super) fn is_in(dir: &Path) -> bool {
        dir.join(ID).exists()
    }

    /// The one in a directory.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(ID);
        let cannot = || format!("there is no CA in {}: `suiftly cluster init` makes one", dir.display());
        let id = fs::read_to_string(&path).with_context(cannot)?.trim().parse()?;
        Ok(Self { dir: dir.to_owned(), id })
    }

    /// A certificate for who has this role, into a directory that may be the machine's own.
    pub(crate) fn certificate(&self, role: &Role, out: &Path, good_for: Duration) -> anyhow::Result<TlsFiles> {
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let (key, files) = (KeyPair::generate()?, tls_files(out, role));
        let signed = params(&[role.to_string()], &role.to_string(), good_for)?.signed_by(&key, &self.issuer()?)?;
        secrets::write_private(&files.key, key.serialize_pem().as_bytes())?;
        write(&files.certificate, &signed.pem())?;
        let ours = self.text(CERTIFICATES)?;
        if fs::read_to_string(&files.ca).ok().as_ref() != Some(&ours) {
            write(&files.ca, &ours)?;
        }
        Ok(files)
    }

    /// A second CA beside the first, or, to finish, the second alone. Where a change has begun, beginning is refused.
    pub(super) fn renew(&self, finish: bool) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(CERTIFICATES);
        let now = self.text(CERTIFICATES)?;
        let known = certificates::read(&path)?.len();
        if finish {
            ensure!(known > 1, "no change of the CA has begun: there is one certificate in {}", path.display());
            self.write(CERTIFICATES, &first_of(&now))?;
            return Ok(path);
        }
        ensure!(
            known == 1,
            "a change of the CA has begun: go on with --finish once every process has a new certificate"
        );
        // Whoever is interrupted in between signs nothing, and begins again.
        let fresh = self.new_key(self.number()? + 1)?;
        self.write(CERTIFICATES, &format!("{fresh}{now}"))?;
        Ok(path)
    }

    /// Makes a key, and its certificate.
    fn new_key(&self, number: u32) -> anyhow::Result<String> {
        let key = KeyPair::generate()?;
        let certificate = ca_params(self.id, number)?.self_signed(&key)?;
        secrets::write_private(&self.dir.join(KEY), key.serialize_pem().as_bytes())?;
        Ok(certificate.pem())
    }

    /// Who signs: the first certificate's name, with the key.
    fn issuer(&self) -> anyhow::Result<Issuer<'static, KeyPair>> {
        let key = KeyPair::from_pem(&secrets::read(&self.dir.join(KEY))?).context("ca-key.pem holds no key")?;
        let der = self.newest()?;
        let is_its = &*parsed(&der)?.public_key().subject_public_key.data == key.public_key_raw();
        ensure!(is_its, "{KEY} in {} is not the key of the first certificate in {CERTIFICATES}", self.dir.display());
        Ok(Issuer::new(ca_params(self.id, self.number()?)?, key))
    }

    /// The number of the newest certificate, by its name.
    fn number(&self) -> anyhow::Result<u32> {
        let der = self.newest()?;
        let newest = parsed(&der)?;
        let name = newest.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let number = name.and_then(|name| name.strip_prefix(&ca_name(self.id, ""))?.parse().ok());
        number.with_context(|| format!("{CERTIFICATES} in {} is not of this cluster", self.dir.display()))
    }

    fn newest(&self) -> anyhow::Result<CertificateDer<'static>> {
        let path = self.dir.join(CERTIFICATES);
        let all = certificates::read(&path).with_context(|| path.display().to_string())?;
        all.into_iter().next().context("there is no certificate in it")
    }

    fn text(&self, name: &str) -> anyhow::Result<String> {
        let path = self.dir.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        write(&self.dir.join(name), text)
    }
}

fn parsed(der: &[u8]) -> anyhow::Result<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate).context("it is no certificate")
}

/// Whoever reads it finds it whole.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// The first certificate of a PEM text.
fn first_of(pem: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----\n";
    pem.find(END).map_or_else(String::new, |at| pem[..at + END.len()].to_owned())
}

fn ca_name(id: ClusterId, number: &str) -> String {
    format!("suiftly {id} CA {number}")
}

fn ca_params(id: ClusterId, number: u32) -> anyhow::Result<CertificateParams> {
    let mut params = params(&[], &ca_name(id, &number.to_string()), CA_TIME)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages.clear();
    Ok(params)
}

/// A certificate for both ends of a link.
fn params(names: &[String], common_name: &str, good_for: Duration) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    // Whole seconds: certificates know no others.
    let now = Duration::from_secs(u64::try_from(SystemClock.now().0 / 1_000).unwrap_or(0));
    let at = |since_1970: Duration| date_time_ymd(1970, 1, 1) + since_1970;
    (params.not_before, params.not_after) = (at(now.saturating_sub(CLOCKS_OFF)), at(now + good_for));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use suiftly_link::Tls;

    /// Whether these two make a link's TLS.
    async fn meet(one: &TlsFiles, other: &TlsFiles) -> bool {
        let (one, other) = (Tls::read(one).unwrap(), Tls::read(other).unwrap());
        let (here, there) = tokio::io::duplex(64 << 10);
        let (dialled, accepted) = tokio::join!(one.dial(here, other.role()), other.accept(there));
        dialled.is_ok() && accepted.is_ok_and(|(_, role)| role == *one.role())
    }

    fn role(text: &str) -> Role {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn who_has_a_certificate_of_it_is_let_in_and_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let made = |name: &str| Ca::make(&dir.path().join(name)).unwrap();
        let (ours, theirs) = (made("ours"), made("theirs"));
        assert_ne!(ours.id, theirs.id);
        let out = |name: &str| dir.path().join(name);
        let ingester = ours.certificate(&role("ingest-a"), &out("1"), DAY).unwrap();
        let opened = Ca::open(&dir.path().join("ours")).unwrap();
        let dataflow = opened.certificate(&role("dataflow-0"), &out("2"), DAY).unwrap();
        let stranger = theirs.certificate(&role("dataflow-0"), &out("3"), DAY).unwrap();
        assert!(meet(&dataflow, &ingester).await && meet(&ingester, &dataflow).await);
        assert!(!meet(&stranger, &ingester).await && !meet(&ingester, &stranger).await);
        for key in [&ingester.key, &dataflow.key, &dir.path().join("ours").join(KEY)] {
            assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
        }
        assert!(Ca::make(&dir.path().join("ours")).unwrap_err().to_string().contains("there is a CA"));
        assert!(Ca::open(dir.path()).is_err());
    }

    #[tokio::test]
    async fn it_is_changed_while_links_can_be_made_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::make(&dir.path().join("ca")).unwrap();
        let out = |name: &str| dir.path().join(name);
        let old = ca.certificate(&role("ingest-a"), &out("1"), DAY).unwrap();
        let other = ca.certificate(&role("dataflow-0"), &out("2"), DAY).unwrap();
        assert!(ca.renew(true).is_err(), "nothing has begun");
        let both = ca.renew(false).unwrap();
        assert!(ca.renew(false).is_err(), "it has begun");
        for files in [&old, &other] {
            fs::copy(&both, &files.ca).unwrap();
        }
        assert!(meet(&old, &other).await, "certificates of the old one are still good");
        let fresh = ca.certificate(&role("ingest-a"), &out("1"), DAY).unwrap();
        assert!(meet(&fresh, &other).await && meet(&other, &fresh).await);
        ca.renew(true).unwrap();
        let last = ca.certificate(&role("api"), &out("3"), DAY).unwrap();
        assert!(meet(&fresh, &last).await);
        assert!(!meet(&other, &last).await, "the old one is out");
        let again = ca.renew(false).and_then(|_| ca.number());
        assert_eq!(again.unwrap(), 3);
    }

    #[test]
    fn a_key_of_another_ca_signs_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        let ca = Ca::make(&ours).unwrap();
        Ca::make(&theirs).unwrap();
        fs::copy(theirs.join(KEY), ours.join(KEY)).unwrap();
        let error = ca.certificate(&Role::Api, &dir.path().join("out"), DAY).unwrap_err().to_string();
        assert!(error.contains("is not the key of the first certificate"), "{error}");
        fs::copy(theirs.join(CERTIFICATES), ours.join(CERTIFICATES)).unwrap();
        assert!(ca.number().unwrap_err().to_string().contains("not of this cluster"));
    }
}
