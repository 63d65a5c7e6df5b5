//! Secret values: they are never printed, and erased from memory when they are dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretBox, zeroize::Zeroize};

/// A secret value, `Secret<str>` or `Secret<[u8]>`. Prints `***`. In contrast to secrecy's own types, two can be
/// compared.
pub struct Secret<T: Zeroize + ?Sized>(SecretBox<T>);

impl<T: Zeroize + ?Sized> Secret<T> {
    /// Wraps a secret value.
    pub fn new(value: impl Into<SecretBox<T>>) -> Self {
        Self(value.into())
    }

    /// The value itself.
    pub fn reveal(&self) -> &T {
        self.0.expose_secret()
    }
}

impl<T: Zeroize + ?Sized> Clone for Secret<T>
where
    SecretBox<T>: Clone,
{
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize + PartialEq + ?Sized> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl<T: Zeroize + Eq + ?Sized> Eq for Secret<T> {}

impl<T: Zeroize + ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
