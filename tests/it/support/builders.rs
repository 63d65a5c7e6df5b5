//! Builders of import lines: `User::new("wonny").verified_email("wonny@example.com").line()`.

use serde_json::{Map, Value, json};

use super::{DOMAIN, PASSWORD};

/// Defines a builder of an entity in [`DOMAIN`].
macro_rules! builder {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(Map<String, Value>);

        impl $name {
            fn from_json(value: Value) -> Self {
                let Value::Object(fields) = value else { panic!("not an object: {value}") };
                Self(fields).in_domain(DOMAIN)
            }

            /// In another domain.
            pub fn in_domain(self, domain_id: &str) -> Self {
                self.with("domain_id", domain_id)
            }

            /// With this value of any field.
            pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
                self.0.insert(field.to_owned(), value.into());
                self
            }

            /// The import line.
            pub fn line(&self) -> String {
                format!("{}\n", json!(self.0))
            }
        }
    };
}

builder!(
    /// A domain.
    Domain
);

impl Domain {
    /// An ENABLED domain whose name is its id.
    pub fn new(id: &str) -> Self {
        Self::from_json(json!({ "kind": "domain", "name": id })).in_domain(id)
    }

    pub fn name(self, name: &str) -> Self {
        self.with("name", name)
    }

    pub fn disabled(self) -> Self {
        self.with("state", "DISABLED")
    }
}

builder!(
    /// A user.
    User
);

impl User {
    /// An ENABLED user with [`PASSWORD`], whose name is the part of the user id before `@`, in capitals.
    pub fn new(user_id: &str) -> Self {
        let name = user_id.split('@').next().unwrap_or_default().to_uppercase();
        Self::from_json(json!({ "kind": "user", "user_id": user_id, "name": name, "password": PASSWORD }))
    }

    pub fn state(self, state: &str) -> Self {
        self.with("state", state)
    }

    /// With an unverified address.
    pub fn email(self, address: &str) -> Self {
        self.with("email", address)
    }

    pub fn verified_email(self, address: &str) -> Self {
        self.email(address).with("email_verified", true)
    }

    pub fn password(self, password: &str) -> Self {
        self.with("password", password)
    }

    /// With a hash instead of [`PASSWORD`].
    pub fn password_hash(self, hash: &str) -> Self {
        self.without_password().with("password_hash", hash)
    }

    /// Without a password; an import keeps the stored one.
    pub fn without_password(mut self) -> Self {
        self.0.remove("password");
        self
    }

    pub fn admin(self) -> Self {
        self.with("role_type", "DOMAIN_ADMIN")
    }

    pub fn external(self) -> Self {
        self.with("auth_type", "EXTERNAL")
    }

    pub fn required_action(self, action: &str) -> Self {
        self.with("required_actions", json!([action]))
    }

    /// With MFA by codes to this address.
    pub fn email_mfa(self, address: &str) -> Self {
        self.with("mfa", json!({ "state": "ENABLED", "mfa_type": "EMAIL", "options": { "email": address } }))
    }

    /// With MFA by an authenticator app with this secret.
    pub fn otp_mfa(self, secret: &str) -> Self {
        self.with("mfa", json!({ "state": "ENABLED", "mfa_type": "OTP", "otp_secret": secret }))
    }
}

builder!(
    /// A workspace.
    Workspace
);

impl Workspace {
    /// An ENABLED workspace whose name is its id.
    pub fn new(id: &str) -> Self {
        Self::from_json(json!({ "kind": "workspace", "workspace_id": id, "name": id }))
    }

    pub fn name(self, name: &str) -> Self {
        self.with("name", name)
    }

    pub fn group(self, group_id: &str) -> Self {
        self.with("workspace_group_id", group_id)
    }

    pub fn state(self, state: &str) -> Self {
        self.with("state", state)
    }
}

builder!(
    /// A workspace group.
    WorkspaceGroup
);

impl WorkspaceGroup {
    /// A group without users whose name is its id.
    pub fn new(id: &str) -> Self {
        Self::from_json(json!({ "kind": "workspace_group", "workspace_group_id": id, "name": id }))
    }

    pub fn name(self, name: &str) -> Self {
        self.with("name", name)
    }

    /// With these users, all with the role `member`.
    pub fn members(self, user_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let member =
            |user_id: String| json!({ "user_id": user_id, "role_id": "member", "role_type": "WORKSPACE_MEMBER" });
        self.with("users", user_ids.into_iter().map(|user_id| member(user_id.into())).collect::<Vec<_>>())
    }
}

builder!(
    /// A role binding.
    RoleBinding
);

impl RoleBinding {
    /// Binds a user to a workspace, with the role `member`.
    pub fn member(id: &str, user_id: &str, workspace_id: &str) -> Self {
        Self::from_json(json!({
            "kind": "role_binding", "role_binding_id": id, "user_id": user_id, "resource_group": "WORKSPACE",
            "workspace_id": workspace_id, "role_id": "member", "role_type": "WORKSPACE_MEMBER",
        }))
    }

    /// Binds a user to a workspace, with the role `owner`.
    pub fn owner(id: &str, user_id: &str, workspace_id: &str) -> Self {
        Self::member(id, user_id, workspace_id).role("owner", "WORKSPACE_OWNER")
    }

    pub fn role(self, role_id: &str, role_type: &str) -> Self {
        self.with("role_id", role_id).with("role_type", role_type)
    }

    /// Created through a workspace group.
    pub fn through(self, group_id: &str) -> Self {
        self.with("workspace_group_id", group_id)
    }
}
