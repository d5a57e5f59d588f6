//! OpenBao: raft on the same disk, each request in its file audit, TLS off.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

pub(crate) struct OpenBao {
    pub(crate) child: Child,
    at: String,
    root: String,
    client: Client,
    audit: PathBuf,
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl OpenBao {
    /// Starts it anew; none if there is no such program.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let folder = folder.join("openbao");
        std::fs::create_dir_all(folder.join("raft")).unwrap();
        let folder = folder.canonicalize().unwrap();
        let (port, cluster, audit) = (free_port(), free_port(), folder.join("audit.log"));
        let config = format!(
            "storage \"raft\" {{\n path = \"{folder}/raft\"\n node_id = \"one\"\n}}\n\
             listener \"tcp\" {{\n address = \"127.0.0.1:{port}\"\n tls_disable = true\n}}\n\
             audit \"file\" \"to-file\" {{\n options {{\n file_path = \"{audit}\"\n }}\n}}\n\
             api_addr = \"http://127.0.0.1:{port}\"\ncluster_addr = \"http://127.0.0.1:{cluster}\"\n",
            folder = folder.display(),
            audit = audit.display(),
        );
        let file = folder.join("bao.hcl");
        std::fs::write(&file, config).unwrap();
        let program = std::env::var("BAO").unwrap_or_else(|_| "bao".to_owned());
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let started =
            Command::new(&program).args(["server", "-config"]).arg(&file).stdout(Stdio::null()).stderr(log).spawn();
        let child = match started {
            Ok(child) => child,
            Err(error) => {
                println!("openbao: {program} could not be started ({error}): name it by $BAO to compare");
                return None;
            }
        };
        let client = Client::builder().no_proxy().build().unwrap();
        let mut bao = Self { child, at: format!("http://127.0.0.1:{port}"), root: String::new(), client, audit };
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let begin = json!({ "secret_shares": 1, "secret_threshold": 1 });
            let Some((StatusCode::OK, made)) = bao.try_ask(Method::PUT, "sys/init", "", Some(&begin)).await else {
                continue;
            };
            let key = json!({ "key": made["keys"][0] });
            bao.ask(Method::PUT, "sys/unseal", "", Some(&key)).await;
            made["root_token"].as_str().unwrap().clone_into(&mut bao.root);
            while bao
                .try_ask(Method::GET, "sys/mounts", &bao.root, None)
                .await
                .is_none_or(|(status, _)| status != StatusCode::OK)
            {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            return Some(bao);
        }
        panic!(
            "OpenBao did not answer within 20 s: {}",
            std::fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
    }

    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}/v1/{path}", self.at)).header("X-Vault-Token", token);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.try_ask(method, path, token, body).await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// A mount, a policy on it alone, and a token with that; answers with the token.
    pub(crate) async fn provision(&self, name: &str) -> String {
        let mount = json!({ "type": "kv", "description": "Homework", "options": { "version": "2" } });
        self.ask(Method::POST, &format!("sys/mounts/{name}"), &self.root, Some(&mount)).await;
        let rule = format!("path \"{name}/*\" {{ capabilities = [\"create\", \"read\", \"update\", \"list\"] }}");
        let policy = json!({ "policy": rule });
        self.ask(Method::PUT, &format!("sys/policies/acl/{name}"), &self.root, Some(&policy)).await;
        let token = json!({ "policies": [name], "no_default_policy": true });
        let made = self.ask(Method::POST, "auth/token/create", &self.root, Some(&token)).await;
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Waits until the mount takes secrets: version 2 is made ready behind it.
    pub(crate) async fn is_ready(&self, name: &str, token: &str) {
        while !self.try_put(name, token, 0).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn put(&self, name: &str, token: &str, number: usize) {
        assert!(self.try_put(name, token, number).await);
    }

    async fn try_put(&self, name: &str, token: &str, number: usize) -> bool {
        let secret = json!({ "data": { "password": "correct horse battery staple" } });
        let path = format!("{name}/data/homework-{number}");
        self.try_ask(Method::POST, &path, token, Some(&secret)).await.is_some_and(|(status, _)| status.is_success())
    }

    pub(crate) async fn get(&self, name: &str, token: &str, number: usize) {
        let read = self.ask(Method::GET, &format!("{name}/data/homework-{number}"), token, None).await;
        assert!(read["data"]["data"]["password"].is_string());
    }

    /// Bytes in its audit so far.
    pub(crate) fn audited(&self) -> u64 {
        std::fs::metadata(&self.audit).unwrap().len()
    }
}
