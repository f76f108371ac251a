// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title A consumer that does what it should not, whatever it is called with: for tests of those who call.
contract BadConsumer {
    /// @notice How often it was called to the end.
    uint256 public calls;
    /// @notice 0 reverts, 1 uses up its gas, 2 answers at length, 3 calls its caller again, 4 is well-behaved.
    uint8 public immutable kind;

    constructor(uint8 kind_) {
        kind = kind_;
    }

    fallback() external {
        uint8 what = kind;
        if (what == 0) revert("no");
        if (what == 1)
            while (true) ++calls;
        if (what == 2)
            assembly {
                return(0, 100000)
            }
        if (what == 3) {
            (bool ok, ) = msg.sender.call(abi.encodeWithSignature("push(address[])", new address[](0)));
            if (!ok) revert("not even that");
        }
        ++calls;
    }
}
