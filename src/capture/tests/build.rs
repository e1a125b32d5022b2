//! Builds captures, sound ones and others.

/// Seconds at which the packets of most tests begin.
pub(super) const START: u32 = 1_772_366_400;

/// A pcap file under construction.
pub(super) struct PcapFile {
    pub(super) bytes: Vec<u8>,
    big: bool,
    modified: bool,
}

impl PcapFile {
    /// Little endian, microseconds, Ethernet.
    pub(super) fn new() -> Self {
        Self::with(0xa1b2_c3d4, false, 262_144, 1)
    }

    pub(super) fn with(magic: u32, big: bool, snaplen: u32, network: u32) -> Self {
        let mut file = Self { bytes: Vec::new(), big, modified: magic == 0xa1b2_cd34 };
        file.number(magic);
        let version = if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
        file.bytes.extend(version);
        for number in [0, 0, snaplen, network] {
            file.number(number);
        }
        file
    }

    /// A sound record.
    pub(super) fn packet(self, sec: u32, fraction: u32, data: &[u8]) -> Self {
        let len = data.len() as u32;
        self.record(sec, fraction, len, len, data)
    }

    /// A record that says what it is told to.
    pub(super) fn record(
        mut self,
        sec: u32,
        fraction: u32,
        captured: u32,
        wire: u32,
        data: &[u8],
    ) -> Self {
        for number in [sec, fraction, captured, wire] {
            self.number(number);
        }
        if self.modified {
            self.bytes.extend([7; 8]);
        }
        self.bytes.extend(data);
        self
    }

    /// `count` packets of 100 bytes, a millisecond apart, from the `first`th on.
    pub(super) fn packets(mut self, first: u32, count: u32) -> Self {
        for index in first..first + count {
            self = self.packet(START + index / 1000, index % 1000 * 1000, &[index as u8; 100]);
        }
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn number(&mut self, number: u32) {
        let bytes = if self.big { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend(bytes);
    }
}

/// A pcapng file under construction.
pub(super) struct NgFile {
    pub(super) bytes: Vec<u8>,
    big: bool,
}

impl NgFile {
    /// With the header of a first section.
    pub(super) fn new(big: bool) -> Self {
        Self { bytes: Vec::new(), big }.section(big, &[])
    }

    /// One section, one Ethernet interface with microseconds.
    pub(super) fn ethernet() -> Self {
        Self::new(false).interface(1, 0, &[])
    }

    pub(super) fn section(mut self, big: bool, options: &[(u16, &[u8])]) -> Self {
        self.big = big;
        let mut body = self.u32s(&[0x1a2b_3c4d]);
        body.extend(if big { [0, 1, 0, 0] } else { [1, 0, 0, 0] });
        body.extend([0xff; 8]);
        body.extend(self.options(options));
        self.block(0x0a0d_0d0a, &body)
    }

    pub(super) fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.u16s(&[link, 0]);
        body.extend(self.u32s(&[snaplen]));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    /// A sound Enhanced Packet Block.
    pub(super) fn packet(self, interface: u32, ticks: u64, data: &[u8]) -> Self {
        let len = data.len() as u32;
        self.enhanced(interface, ticks, len, len, data, &[])
    }

    pub(super) fn enhanced(
        self,
        interface: u32,
        ticks: u64,
        captured: u32,
        wire: u32,
        data: &[u8],
        options: &[(u16, &[u8])],
    ) -> Self {
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        let mut body = self.u32s(&[interface, high, low, captured, wire]);
        body.extend(padded(data));
        body.extend(self.options(options));
        self.block(6, &body)
    }

    pub(super) fn simple(self, wire: u32, data: &[u8]) -> Self {
        let mut body = self.u32s(&[wire]);
        body.extend(padded(data));
        self.block(3, &body)
    }

    pub(super) fn obsolete(self, interface: u16, drops: u16, ticks: u64, data: &[u8]) -> Self {
        let len = data.len() as u32;
        let mut body = self.u16s(&[interface, drops]);
        body.extend(self.u32s(&[(ticks >> 32) as u32, ticks as u32, len, len]));
        body.extend(padded(data));
        self.block(2, &body)
    }

    pub(super) fn statistics(self, interface: u32, if_drop: u64, os_drop: u64) -> Self {
        let numbers = if self.big {
            [if_drop.to_be_bytes(), os_drop.to_be_bytes()]
        } else {
            [if_drop.to_le_bytes(), os_drop.to_le_bytes()]
        };
        let mut body = self.u32s(&[interface, 0, 0]);
        body.extend(self.options(&[(5, &numbers[0]), (7, &numbers[1])]));
        self.block(5, &body)
    }

    pub(super) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let len = body.len() as u32 + 12;
        let block = [self.u32s(&[kind, len]), body.to_vec(), self.u32s(&[len])].concat();
        self.bytes.extend(block);
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// `count` packets of 100 bytes, a millisecond apart, from the `first`th on.
    pub(super) fn packets(mut self, first: u32, count: u32) -> Self {
        for index in first..first + count {
            let ticks = u64::from(START) * 1_000_000 + u64::from(index) * 1000;
            self = self.packet(0, ticks, &[index as u8; 100]);
        }
        self
    }

    fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.u16s(&[*code, value.len() as u16]));
            bytes.extend(padded(value));
        }
        if !options.is_empty() {
            bytes.extend([0; 4]);
        }
        bytes
    }

    fn u16s(&self, numbers: &[u16]) -> Vec<u8> {
        let bytes = |n: &u16| if self.big { n.to_be_bytes() } else { n.to_le_bytes() };
        numbers.iter().flat_map(bytes).collect()
    }

    fn u32s(&self, numbers: &[u32]) -> Vec<u8> {
        let bytes = |n: &u32| if self.big { n.to_be_bytes() } else { n.to_le_bytes() };
        numbers.iter().flat_map(bytes).collect()
    }
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(4), 0);
    data
}
