//! Interfaces that go down, come up, are removed and made anew: what to do, and what to say.

use super::interface::Interface;
use super::watch::{Link, Watch};
use super::{LiveOptions, News};

#[derive(Debug)]
struct State {
    watch: Option<Watch>,
    up: bool,
    /// That it is there again and can't be opened was said.
    told: bool,
}

/// How each interface stands, as it was last said.
#[derive(Debug)]
pub(super) struct Links(Vec<State>);

fn news(name: &str, hindered: Option<&'static str>, text: String) -> Option<News> {
    Some(News::Interface { name: name.to_owned(), hindered, text })
}

impl Links {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let state = |name| State { watch: Watch::new(name), up: true, told: false };
        Self(names.map(state).collect())
    }

    /// It was removed.
    pub(super) fn gone(&mut self, i: usize, name: &str, keep_net_raw: bool) -> Option<News> {
        let state = self.0.get_mut(i)?;
        state.up = false;
        state.told = false;
        let text = if keep_net_raw {
            format!("{name} was removed; when it is made anew, it is opened again")
        } else {
            format!(
                "{name} was removed, and ftpscope gave away the right to open it again \
                 (--keep-net-raw keeps it); other interfaces go on"
            )
        };
        news(name, Some("removed"), text)
    }

    /// It went down.
    pub(super) fn down(&mut self, i: usize, name: &str) -> Option<News> {
        let state = self.0.get_mut(i).filter(|s| s.up)?;
        state.up = false;
        news(name, Some("down"), format!("{name} went down; when it comes up, the capture goes on"))
    }

    /// A packet came.
    pub(super) fn heard(&mut self, i: usize, name: &str) -> Option<News> {
        let state = self.0.get_mut(i).filter(|s| !s.up)?;
        // Packets from before it went down may still be read after it did.
        let down = state.watch.as_ref().is_some_and(|w| w.link() != Link::Up);
        if down {
            return None;
        }
        state.up = true;
        news(name, None, format!("{name} is up again"))
    }

    /// Looks how an interface stands; opens it again if it was made anew.
    pub(super) fn check(
        &mut self,
        i: usize,
        interface: &mut Interface,
        options: &LiveOptions,
    ) -> Option<News> {
        let state = self.0.get_mut(i)?;
        let name = interface.name.clone();
        match state.watch.as_ref()?.link() {
            Link::Up if !state.up && interface.is_open() => {
                state.up = true;
                news(&name, None, format!("{name} is up again"))
            }
            Link::Down => self.down(i, &name),
            Link::Anew if interface.is_open() => {
                interface.close();
                self.gone(i, &name, options.keep_net_raw)
            }
            Link::Anew if options.keep_net_raw => match interface.reopen(options) {
                Ok(()) => {
                    (state.up, state.watch) = (true, Watch::new(&name));
                    news(&name, None, format!("{name} was made anew and is opened again"))
                }
                // It may not be up yet.
                Err(super::LiveError::Down { .. }) => None,
                Err(error) if !state.told => {
                    state.told = true;
                    news(&name, Some("removed"), format!("{name} was made anew, but: {error}"))
                }
                Err(_) => None,
            },
            Link::Up | Link::Gone | Link::Anew => None,
        }
    }
}
