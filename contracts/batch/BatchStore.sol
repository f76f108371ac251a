// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {BatchState} from "./BatchState.sol";
import {IBatchStore} from "../interfaces/IBatchStore.sol";
import {ICryptletKeys} from "../interfaces/ICryptletKeys.sol";

/// @title One batch at an address of its own, to be used through `IBatchStore`.
/// @notice One thing is done here: accept a sound `storeRoot`. Everything else, and every `storeRoot` that is not plainly
/// sound, goes to `BatchLogic`, whose rules decide: what is accepted here is accepted there (a property test holds the two
/// against each other).
/// @dev The signer set is walked word for word as in `FeedStore`: a function that both share is a jump there and back with
/// its operands moved, and `FeedStore` has 15 gas left to its target.
contract BatchStore is BatchState {
    /// @dev Literals, as assembly takes no others: topic of `RootStored`, `Signature.HALF_ORDER`.
    uint256 private constant ROOT_STORED = 0xdb9f891ab8f2ac489678404eba9f461b43d50d2c6672200e0ce68c05b60efa54;
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant UINT32 = 0xffffffff;
    /// @dev Bits of the report that say nothing.
    uint256 private constant SPARE = ((1 << 80) - 1) << 112;
    /// @dev Position in calldata behind the selector and the two arguments of `storeRoot`.
    uint256 private constant SIGNATURES_AT = 68;
    /// @dev Makes a contract of the bytes behind it.
    bytes11 private constant CREATE_CODE = hex"600B5981380380925939F3";

    /// @dev Selector of `storeRoot_lGQkD`.
    uint256 private constant STORE_ROOT = 0xc0;

    /// @dev What is taken here: `STORE_ROOT`, or in the other forms what no selector can be.
    uint256 private immutable _entry;
    address private immutable _logic;
    bytes32 private immutable _name;
    uint256 private immutable _size;
    uint256 private immutable _spacing;

    /// @notice 1 to 256 members.
    error BadMembers(uint256 count);
    /// @notice A ring needs the seconds that share one of its places.
    error BadRing();

    /// @param logic Rules of this batch, for ever.
    /// @param keys_ Registry of attested keys.
    /// @param batchHash_ Name of the batch in every signed message.
    /// @param members_ Feed hashes in the order that `batchHash_` was made of.
    /// @param form_ The one form in which batches are taken.
    /// @param ringSize_ Older heads to keep for proofs.
    /// @param ringSpacing_ Seconds that share one place among them: the batch's interval.
    /// @param description_ Text for people.
    constructor(
        address logic,
        ICryptletKeys keys_,
        bytes32 batchHash_,
        bytes32[] memory members_,
        IBatchStore.Form form_,
        uint16 ringSize_,
        uint32 ringSpacing_,
        string memory description_
    ) {
        if (members_.length == 0 || members_.length > MAX_MEMBERS) revert BadMembers(members_.length);
        if (ringSize_ != 0 && ringSpacing_ == 0) revert BadRing();
        (_form, _entry) = (form_, form_ == IBatchStore.Form.ROOT ? STORE_ROOT : type(uint256).max);
        (_logic, _name, _size, _spacing) = (logic, batchHash_, ringSize_, ringSpacing_);
        (_keys, _batchHash, _registry, _description) = (keys_, batchHash_, msg.sender, description_);
        (_memberCount, _ringSize, _ringSpacing) = (uint16(members_.length), ringSize_, ringSpacing_);
        bytes memory code = bytes.concat(CREATE_CODE, hex"00", abi.encodePacked(members_));
        address membersAt;
        assembly ("memory-safe") {
            membersAt := create(0, add(code, 32), mload(code))
        }
        if (membersAt == address(0)) revert BadMembers(members_.length);
        _membersAt = membersAt;
    }

    fallback() external {
        address logic = _logic;
        bytes32 name = _name;
        uint256 size = _size;
        uint256 spacing = _spacing;
        uint256 entry = _entry;
        assembly {
            // storeRoot_lGQkD(uint256 report, bytes32 content) and signatures; see IBatchStore.
            if eq(shr(224, calldataload(0)), entry) {
                let head := sload(0)
                let report := calldataload(4)
                let issuedAt := and(shr(192, report), UINT32)
                let validUntil := add(issuedAt, and(shr(80, report), UINT32))
                // The message (BatchHash) from 0, then the precompile's input over its beginning.
                mstore(0, "DSSEv1 52 application/vnd.cryptl")
                mstore(32, "et.observation-batch.v1+solabi 1")
                mstore(64, "60 ")
                mstore(67, name)
                mstore(99, shr(224, report))
                mstore(131, issuedAt)
                mstore(163, validUntil)
                mstore(195, calldataload(36))
                let hash := keccak256(0, 227)
                mstore(0, hash)
                // The signer set from 256, where nothing was written: a signer that cannot be recovered reads as 0, which
                // is never a member.
                mstore(256, or(shl(208, report), address()))
                let bad := or(
                    or(
                        or(iszero(gt(issuedAt, shr(224, head))), gt(issuedAt, add(timestamp(), MAX_AHEAD))),
                        and(report, SPARE)
                    ),
                    or(gt(timestamp(), validUntil), gt(timestamp(), and(shr(16, report), UINT32)))
                )
                let setLength := 64
                switch and(report, 0xffffffff00000000ffff)
                case 0 {
                    // One member that must sign, the common case: no list to walk.
                    calldatacopy(64, SIGNATURES_AT, 64)
                    mstore(32, byte(0, calldataload(132)))
                    pop(staticcall(gas(), 1, 0, 128, 288, 32))
                    bad := or(bad, or(gt(mload(96), HALF_ORDER), xor(calldatasize(), 133)))
                }
                default {
                    let slot := 288
                    let end := add(320, shl(5, and(report, 0xff)))
                    let absent := and(shr(48, report), UINT32)
                    let position := SIGNATURES_AT
                    let mayMiss := and(shr(8, report), 0xff)
                    for {} lt(slot, end) {} {
                        switch and(absent, 1)
                        case 0 {
                            calldatacopy(64, position, 64)
                            mstore(32, byte(0, calldataload(add(position, 64))))
                            pop(staticcall(gas(), 1, 0, 128, slot, 32))
                            bad := or(bad, gt(mload(96), HALF_ORDER))
                            position := add(position, 65)
                        }
                        default {
                            mstore(slot, shr(96, calldataload(position)))
                            position := add(position, 20)
                            bad := or(bad, iszero(mayMiss))
                            mayMiss := sub(mayMiss, 1)
                        }
                        absent := shr(1, absent)
                        slot := add(slot, 32)
                    }
                    // A bit beyond the members would be a second form of the same message.
                    bad := or(bad, or(absent, xor(position, calldatasize())))
                    setLength := sub(slot, 256)
                }
                bad := or(bad, shl(144, xor(head, keccak256(256, setLength))))
                if iszero(bad) {
                    sstore(0, or(shl(224, issuedAt), or(shr(32, shl(144, hash)), and(head, TAG_MASK))))
                    if size {
                        if shr(224, head) {
                            sstore(
                                add(_ring.slot, mod(div(shr(224, head), spacing), size)),
                                shl(112, shr(112, head))
                            )
                        }
                    }
                    mstore(0, report)
                    log1(0, 32, ROOT_STORED)
                    stop()
                }
            }
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), logic, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}
