//! From what an authority speaks of to what stands in JSON, and back.

/// A thing with a form in JSON; what was read in that form is well formed, so the way back can't fail.
pub trait Crosses<Form>: Sized {
    /// The form of this.
    fn into_form(self) -> Form;
    /// The thing of this form.
    fn from_form(form: Form) -> Self;
}

/// Structures whose form has the same fields. Both are taken apart by name.
macro_rules! forms {
    ($($(#[$about:meta])* $form:ident of $type:path { $($(#[$doc:meta])* $field:ident: $of:ty,)* })*) => {$(
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        $(#[$about])*
        pub struct $form { $($(#[$doc])* pub $field: $of,)* }

        impl $crate::wire::Crosses<$form> for $type {
            fn into_form(self) -> $form {
                let Self { $($field,)* } = self;
                $form { $($field: $crate::wire::Crosses::into_form($field),)* }
            }

            fn from_form(form: $form) -> Self {
                let $form { $($field,)* } = form;
                Self { $($field: $crate::wire::Crosses::from_form($field),)* }
            }
        }
    )*};
}

/// Pairs, whose form names both.
macro_rules! pairs {
    ($($(#[$about:meta])* $form:ident of ($left:ty, $right:ty) { $(#[$one:meta])* $first:ident: $a:ty, $(#[$two:meta])* $second:ident: $b:ty })*) => {$(
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        $(#[$about])*
        pub struct $form {
            $(#[$one])*
            pub $first: $a,
            $(#[$two])*
            pub $second: $b,
        }

        impl $crate::wire::Crosses<$form> for ($left, $right) {
            fn into_form(self) -> $form {
                let (first, second) = self;
                $form { $first: $crate::wire::Crosses::into_form(first), $second: $crate::wire::Crosses::into_form(second) }
            }

            fn from_form(form: $form) -> Self {
                let $form { $first: first, $second: second } = form;
                ($crate::wire::Crosses::from_form(first), $crate::wire::Crosses::from_form(second))
            }
        }
    )*};
}

macro_rules! as_they_are {
    ($($type:ty),*) => {$(
        impl Crosses<$type> for $type {
            fn into_form(self) -> $type {
                self
            }

            fn from_form(form: $type) -> Self {
                form
            }
        }
    )*};
}

as_they_are!(bool, u8, u32, u64, String, ());

impl<T: Crosses<F>, F> Crosses<Vec<F>> for Vec<T> {
    fn into_form(self) -> Vec<F> {
        self.into_iter().map(Crosses::into_form).collect()
    }

    fn from_form(form: Vec<F>) -> Self {
        form.into_iter().map(Crosses::from_form).collect()
    }
}

impl<T: Crosses<F>, F> Crosses<Option<F>> for Option<T> {
    fn into_form(self) -> Option<F> {
        self.map(Crosses::into_form)
    }

    fn from_form(form: Option<F>) -> Self {
        form.map(Crosses::from_form)
    }
}
