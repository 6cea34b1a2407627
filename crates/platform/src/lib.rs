//! What the surfaces of Sigma share: the state, who calls, interactions, passwords, mail, jobs, objects, and the layout of
//! pages. Knows no surface.

// The shared templates name this crate, wherever they are compiled.
extern crate self as sigma_platform;

pub mod access;
pub mod app_trial;
pub mod backchannel;
pub mod branding;
pub mod client_documents;
pub mod csv;
pub mod declarations;
pub mod device_polls;
pub mod directories;
pub mod dns;
pub mod doctor;
pub mod domains;
pub mod dpop;
pub mod error;
pub mod export;
pub mod extract;
pub mod factors;
mod follow;
pub mod hashing;
pub mod i18n;
pub mod interaction;
pub mod jobs;
pub mod key_command;
pub mod keys;
pub mod mail;
pub mod objects;
pub mod orgs;
pub mod outbound;
pub mod pages;
pub mod passwords;
pub mod paths;
pub mod profiles;
pub mod providers;
pub mod queues;
pub mod quick;
pub mod redirect_refusals;
pub mod resolver;
pub mod settings;
pub mod state;
pub mod token_answers;
pub mod token_counts;
pub mod used_once;
pub mod webhooks;
pub mod workloads;
pub mod workspace_subjects;

pub use sigma_edge as http;
