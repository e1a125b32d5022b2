//! Settings of clients.

use super::super::{Advice, Audience, Context};

/// Use passive mode: then the client opens all connections.
pub fn use_passive_mode() -> Advice {
    Advice {
        audience: Audience::Client,
        text: "Use passive mode, so that the client opens the data connections itself.".to_owned(),
        example: Some(
            "curl: leave out --ftp-port   lftp: set ftp:passive-mode on   ftp: passive".to_owned(),
        ),
    }
}

/// Clients that log in over TLS or not at all.
pub fn insist_on_tls(ctx: &Context<'_>) -> String {
    let server = ctx.session.server;
    let host = if server.port == 21 && server.ip.is_ipv4() {
        server.ip.to_string()
    } else {
        server.to_string()
    };
    format!("curl --ssl-reqd ftp://{host}/   lftp: set ftp:ssl-force true")
}
