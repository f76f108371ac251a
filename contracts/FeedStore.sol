// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FeedState} from "./FeedState.sol";
import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";

/// @title One feed at an address of its own, to be used through `IFeedStore`, `AggregatorV3Interface` and
/// `AggregatorInterface`.
/// @notice Three things are done here, because they are done all day: accept a sound update of a list of signers, accept
/// one of a group, answer `latestRoundData`. Everything else, and every update that is not plainly sound, goes to
/// `FeedLogic`, whose rules decide: what is accepted here is accepted there (a property test holds the two against each
/// other).
/// @dev In assembly because every gas counts: plain Solidity spends 1,900 gas more on an update and 600 on a read, most
/// of it on finding the function among twenty-five and on building message and signer set twice.
contract FeedStore is FeedState {
    /// @dev Literals, as assembly takes no others: topics of `AnswerUpdated` and `NewRound`, `Signature.HALF_ORDER`.
    uint256 private constant ANSWER_UPDATED = 0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f;
    uint256 private constant NEW_ROUND = 0x0109fc6f55cf40689f02fbaad7af7fe7bbac8a3d2186600afc7d3e10cac60271;
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    /// @dev `GroupSignature.ORDER`, and one less.
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant ORDER_LESS_1 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364140;
    uint256 private constant UINT32 = 0xffffffff;
    /// @dev Position in calldata behind the selector and the two arguments of `update`.
    uint256 private constant SIGNATURES_AT = 68;

    address private immutable _logic;
    bytes32 private immutable _name;
    uint256 private immutable _size;

    /// @param logic Rules of this feed, for ever.
    /// @param keys_ Registry of attested keys.
    /// @param feedHash_ Name of the feed in every signed message.
    /// @param ringSize_ Older rounds to keep.
    /// @param decimals_ Decimals of every answer.
    /// @param description_ Text for people.
    constructor(
        address logic,
        ICryptletKeys keys_,
        bytes32 feedHash_,
        uint16 ringSize_,
        uint8 decimals_,
        string memory description_
    ) {
        (_logic, _name, _size) = (logic, feedHash_, ringSize_);
        (_keys, _feedHash, _ringSize, _registry) = (keys_, feedHash_, ringSize_, msg.sender);
        (_feedDecimals, _feedDescription) = (decimals_, description_);
    }

    fallback() external {
        address logic = _logic;
        bytes32 name = _name;
        uint256 size = _size;
        assembly {
            let selector := shr(224, calldataload(0))
            // update_QJGga(uint256 report, bytes32 statementDigest) and signatures; see IFeedStore.
            if eq(selector, 0x74) {
                let head := sload(0)
                let report := calldataload(4)
                let round := shr(224, report)
                let observedAt := and(shr(192, report), UINT32)
                let value := sar(176, shl(64, report))
                let validUntil := add(observedAt, and(shr(80, report), UINT32))
                // The message (ObservationHash) from 0, then the precompile's input over its beginning.
                mstore(0, "DSSEv1 46 application/vnd.cryptl")
                mstore(32, "et.observation.v1+solabi 192 ")
                mstore(61, name)
                mstore(93, round)
                mstore(125, value)
                mstore(157, observedAt)
                mstore(189, validUntil)
                mstore(221, calldataload(36))
                mstore(0, keccak256(0, 253))
                // The signer set from 256, where nothing was written: a signer that cannot be recovered reads as 0, which
                // is never a member.
                mstore(256, or(shl(208, report), address()))
                // not(last - round) is round - last - 1, and huge unless round > last.
                let bad := or(
                    or(
                        iszero(and(lt(not(sub(shr(224, head), round)), MAX_JUMP), gt(observedAt, and(shr(192, head), UINT32)))),
                        gt(observedAt, add(timestamp(), MAX_AHEAD))
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
                    let latest := shl(112, shr(112, report))
                    sstore(0, or(latest, and(head, TAG_MASK)))
                    // The events' data, observedAt, still stands in the message.
                    if size {
                        let superseded := shr(224, head)
                        if superseded {
                            sstore(add(_ring.slot, mod(superseded, size)), shl(112, shr(112, head)))
                        }
                        log3(157, 32, NEW_ROUND, round, caller())
                    }
                    log3(157, 32, ANSWER_UPDATED, value, round)
                    stop()
                }
            }
            switch eq(selector, 0xfeaf968c)
            case 0 {
                // updateByGroup_RUALF(uint256 report, bytes32 statementDigest), x of the group's point, z, address of R.
                if eq(selector, 0x1a) {
                    let head := sload(0)
                    let report := calldataload(4)
                    let round := shr(224, report)
                    let observedAt := and(shr(192, report), UINT32)
                    let value := sar(176, shl(64, report))
                    let validUntil := add(observedAt, and(shr(80, report), UINT32))
                    mstore(0, "DSSEv1 46 application/vnd.cryptl")
                    mstore(32, "et.observation.v1+solabi 192 ")
                    mstore(61, name)
                    mstore(93, round)
                    mstore(125, value)
                    mstore(157, observedAt)
                    mstore(189, validUntil)
                    mstore(221, calldataload(36))
                    let x := calldataload(SIGNATURES_AT)
                    let z := calldataload(100)
                    let commitment := shr(96, calldataload(132))
                    // What the tag is made of, from 256; its second word is the first of the challenge: x, parity, message, R.
                    mstore(256, or(shl(208, report), address()))
                    mstore(288, x)
                    mstore8(320, report)
                    mstore(321, keccak256(0, 253))
                    calldatacopy(353, 132, 20)
                    // The precompile's input over the message's beginning (GroupSignature says why this is Schnorr's equation).
                    mstore(0, sub(ORDER, mulmod(z, x, ORDER)))
                    mstore(32, and(report, 0xff))
                    mstore(64, x)
                    mstore(96, sub(ORDER, mulmod(keccak256(288, 85), x, ORDER)))
                    // To where nothing was written: what cannot be recovered reads as 0, which is no commitment.
                    pop(staticcall(gas(), 1, 0, 128, 384, 32))
                    let bad := or(
                        or(
                            or(
                                iszero(and(lt(not(sub(shr(224, head), round)), MAX_JUMP), gt(observedAt, and(shr(192, head), UINT32)))),
                                gt(observedAt, add(timestamp(), MAX_AHEAD))
                            ),
                            or(gt(timestamp(), validUntil), gt(timestamp(), and(shr(16, report), UINT32)))
                        ),
                        or(
                            or(iszero(lt(sub(z, 1), ORDER_LESS_1)), xor(calldatasize(), 152)),
                            or(
                                or(iszero(commitment), xor(commitment, mload(384))),
                                // The tag covers the report's last six bytes; this is the bitmap, and the mark of a group.
                                xor(and(report, 0xffffffff00000000ff00), 0xff00)
                            )
                        )
                    )
                    bad := or(bad, shl(144, xor(head, keccak256(256, 64))))
                    if iszero(bad) {
                        sstore(0, or(shl(112, shr(112, report)), and(head, TAG_MASK)))
                        if size {
                            let superseded := shr(224, head)
                            if superseded {
                                sstore(add(_ring.slot, mod(superseded, size)), shl(112, shr(112, head)))
                            }
                            log3(157, 32, NEW_ROUND, round, caller())
                        }
                        log3(157, 32, ANSWER_UPDATED, value, round)
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
            default {
                // latestRoundData()
                let head := sload(0)
                let round := shr(224, head)
                let time := and(shr(192, head), UINT32)
                mstore(0, round)
                mstore(32, sar(176, shl(64, head)))
                mstore(64, time)
                mstore(96, time)
                mstore(128, round)
                return(0, 160)
            }
        }
    }
}
