// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IFeedStore} from "../interfaces/IFeedStore.sol";
import {IPyth} from "../interfaces/IPyth.sol";
import {GroupSignature} from "../libraries/GroupSignature.sol";
import {ObservationHash} from "../libraries/ObservationHash.sol";
import {Signature} from "../libraries/Signature.sol";
import {Decimals18} from "./Decimals18.sol";
import {FeedDirectory, IFeedRegistry} from "./FeedDirectory.sol";
import {SignedObservation} from "./SignedObservation.sol";

/// @title Every feed of a registry as one Pyth contract: prices by id, pushed or pulled.
/// @notice The price id is the feed's hash, or an id of Pyth's that the deployer set for it once and for all. An item of
/// update data is one byte for its form and then nothing but
/// - 0: the signed payload (192 bytes) and 1 to 32 signatures (65 each): a bundle as it is;
/// - 1: the signed payload and one signature of the feed's group (52);
/// - 2: the feed's hash (32) and what `FeedStore`'s packed entries take behind their selector: some 18,000 gas cheaper, for
///   who knows the feed's signer set.
///
/// What is known is answered, what is not known is not made up:
/// - `conf` is 0: the chain is not told how far the sources lie apart. 0 means "not known", not "exact".
/// - There is no moving average: its getters revert with `PriceFeedNotFound`, and `emaPrice` is all zeros.
/// - There are no time-weighted prices: `InvalidTwapUpdateData`.
/// Updates cost nothing; ether that is sent along goes back to the caller, or the call reverts.
contract PythFacade is IPyth, FeedDirectory {
    /// @notice The ether that was sent along could not be given back.
    error RefundRefused(address caller, uint256 amount);

    /// @notice An id of Pyth's stands for a feed.
    event PriceIdSet(bytes32 indexed priceId, bytes32 indexed feedHash);

    /// @dev First byte of update data: its form.
    bytes1 private constant BY_LIST = 0x00;
    bytes1 private constant BY_GROUP = 0x01;
    bytes1 private constant PACKED = 0x02;
    /// @dev Most signatures of one message: the most members of a signer set.
    uint256 private constant MAX_SIGNATURES = 32;
    /// @dev Form and payload.
    uint256 private constant SIGNATURES_AT = 1 + ObservationHash.PAYLOAD_LENGTH;
    /// @dev Form and feed's hash, then report and digest, then the signers' part.
    uint256 private constant REPORT_AT = 33;
    uint256 private constant PACKED_SIGNERS_AT = 97;
    /// @dev x of the point, z, address of R.
    uint256 private constant GROUP_PROOF_LENGTH = 84;
    /// @dev How far, in seconds, a source's clock may be ahead of the chain's: as `FeedStore` has it.
    uint256 private constant MAX_AHEAD = 60;

    /// @notice Age, in seconds, that the deprecated `getPrice` accepts.
    uint256 public immutable getValidTimePeriod;

    /// @notice The feed that an id of Pyth's stands for; 0 for all others.
    mapping(bytes32 priceId => bytes32 feedHash) public aliasOf;

    /// @dev An update after its bytes were taken apart.
    struct Update {
        SignedObservation.Observation said;
        Feed feed;
    }

    /// @dev What the parse functions were asked for.
    struct Wish {
        uint64 from;
        uint64 to;
        bool first;
        bool store;
    }

    /// @param registry_ Where feeds are looked up.
    /// @param validTimePeriod Age, in seconds, that the deprecated `getPrice` accepts; Pyth's own is 60 on most chains.
    /// @param priceIds Ids of Pyth's that consumers have built in.
    /// @param feedHashes The feeds that they stand for, in the same order.
    constructor(
        IFeedRegistry registry_,
        uint256 validTimePeriod,
        bytes32[] memory priceIds,
        bytes32[] memory feedHashes
    ) FeedDirectory(registry_) {
        if (priceIds.length != feedHashes.length) revert InvalidArgument();
        getValidTimePeriod = validTimePeriod;
        for (uint256 i = 0; i < priceIds.length; ++i) {
            // An id stands for one feed, and a feed's own hash never for another one.
            if (_find(priceIds[i]).feed != address(0)) revert InvalidArgument();
            _remember(priceIds[i], feedHashes[i]);
            aliasOf[priceIds[i]] = feedHashes[i];
            emit PriceIdSet(priceIds[i], feedHashes[i]);
        }
    }

    /// @inheritdoc IPyth
    function updatePriceFeeds(bytes[] calldata updateData) external payable {
        for (uint256 i = 0; i < updateData.length; ++i) _apply(updateData[i], false);
        _refund();
    }

    /// @inheritdoc IPyth
    function updatePriceFeedsIfNecessary(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64[] calldata publishTimes
    ) external payable {
        if (priceIds.length != publishTimes.length) revert InvalidArgument();
        for (uint256 i = 0; i < priceIds.length; ++i) {
            uint256 time = _timeOf(priceIds[i]);
            if (time != 0 && time >= publishTimes[i]) continue;
            for (uint256 k = 0; k < updateData.length; ++k) _apply(updateData[k], false);
            _refund();
            return;
        }
        revert NoFreshUpdate();
    }

    /// @inheritdoc IPyth
    function parsePriceFeedUpdates(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minPublishTime,
        uint64 maxPublishTime
    ) external payable returns (PriceFeed[] memory priceFeeds) {
        (priceFeeds, ) = _parse(updateData, priceIds, Wish(minPublishTime, maxPublishTime, false, false));
        _refund();
    }

    /// @inheritdoc IPyth
    /// @dev A round knows its predecessor's number, not its time. So the first price of a range is the one whose
    /// predecessor this chain has stored with an earlier time, or round 1.
    function parsePriceFeedUpdatesUnique(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minPublishTime,
        uint64 maxPublishTime
    ) external payable returns (PriceFeed[] memory priceFeeds) {
        (priceFeeds, ) = _parse(updateData, priceIds, Wish(minPublishTime, maxPublishTime, true, false));
        _refund();
    }

    /// @inheritdoc IPyth
    /// @return priceFeeds Prices in the order of `priceIds`.
    /// @return slots Their rounds, where Pyth has the slots of its own chain.
    function parsePriceFeedUpdatesWithConfig(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minAllowedPublishTime,
        uint64 maxAllowedPublishTime,
        bool checkUniqueness,
        bool checkUpdateDataIsMinimal,
        bool storeUpdatesIfFresh
    ) external payable returns (PriceFeed[] memory priceFeeds, uint64[] memory slots) {
        if (checkUpdateDataIsMinimal && updateData.length != priceIds.length) revert InvalidArgument();
        Wish memory wish = Wish(minAllowedPublishTime, maxAllowedPublishTime, checkUniqueness, storeUpdatesIfFresh);
        (priceFeeds, slots) = _parse(updateData, priceIds, wish);
        _refund();
    }

    /// @notice Never: there is no data for time-weighted prices.
    function parseTwapPriceFeedUpdates(bytes[] calldata, bytes32[] calldata) external payable {
        revert InvalidTwapUpdateData();
    }

    /// @inheritdoc IPyth
    function getPriceNoOlderThan(bytes32 id, uint256 age) external view returns (Price memory price) {
        return _noOlderThan(id, age);
    }

    /// @notice Deprecated by Pyth: the price, at most `getValidTimePeriod` seconds away from the block's time.
    function getPrice(bytes32 id) external view returns (Price memory price) {
        return _noOlderThan(id, getValidTimePeriod);
    }

    /// @notice Price and moving average; the latter is all zeros.
    function queryPriceFeed(bytes32 id) external view returns (PriceFeed memory priceFeed) {
        (priceFeed.id, priceFeed.price) = (id, getPriceUnsafe(id));
    }

    /// @inheritdoc IPyth
    function getPriceUnsafe(bytes32 id) public view returns (Price memory price) {
        Feed memory found = _find(id);
        if (found.feed == address(0)) revert PriceFeedNotFound();
        (, int256 answer, , uint256 updatedAt, ) = AggregatorV3Interface(found.feed).latestRoundData();
        if (updatedAt == 0) revert PriceFeedNotFound();
        return _priceOf(answer, updatedAt, found.decimals);
    }

    /// @notice True when the feed has a value.
    function priceFeedExists(bytes32 id) public view returns (bool exists) {
        return _timeOf(id) != 0;
    }

    /// @inheritdoc IPyth
    function getEmaPriceUnsafe(bytes32) external pure returns (Price memory) {
        revert PriceFeedNotFound();
    }

    /// @inheritdoc IPyth
    function getEmaPriceNoOlderThan(bytes32, uint256) external pure returns (Price memory) {
        revert PriceFeedNotFound();
    }

    /// @notice Deprecated by Pyth; there is no moving average.
    function getEmaPrice(bytes32) external pure returns (Price memory) {
        revert PriceFeedNotFound();
    }

    /// @inheritdoc IPyth
    /// @return feeAmount 0.
    function getUpdateFee(bytes[] calldata) external pure returns (uint256 feeAmount) {
        return 0;
    }

    /// @inheritdoc IPyth
    /// @return feeAmount 0; there is no such update.
    function getTwapUpdateFee(bytes[] calldata) external pure returns (uint256 feeAmount) {
        return 0;
    }

    /// @dev Store an update. What the feed has, or has something newer than, is passed over as Pyth does, so that nobody's
    /// transaction fails because another one brought the same price; but only when it is rightly signed.
    /// @param isParsed Whoever asks for past prices may bring expired ones; they are not stored.
    function _apply(bytes calldata data, bool isParsed) private returns (Update memory update) {
        update = _read(data);
        // The feed is a contract: its constants were read.
        (bool ok, bytes memory reason) = update.feed.feed.call(_callOf(data));
        if (ok) {
            Price memory price = _priceOf(update.said.value, update.said.observedAt, update.feed.decimals);
            emit PriceFeedUpdate(update.said.feedHash, uint64(price.publishTime), price.price, price.conf);
            return update;
        }
        bytes4 selector = bytes4(reason);
        if (
            selector != IFeedStore.DuplicateRound.selector &&
            selector != IFeedStore.OldRound.selector &&
            selector != IFeedStore.ObservedAtNotIncreasing.selector &&
            !(isParsed && selector == IFeedStore.ObservationExpired.selector)
        ) revert InvalidUpdateData();
        _verify(data, update);
    }

    function _parse(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        Wish memory wish
    ) private returns (PriceFeed[] memory priceFeeds, uint64[] memory slots) {
        (priceFeeds, slots) = (new PriceFeed[](priceIds.length), new uint64[](priceIds.length));
        for (uint256 i = 0; i < updateData.length; ++i) {
            Update memory update = wish.store ? _apply(updateData[i], true) : _read(updateData[i]);
            if (!wish.store) _verify(updateData[i], update);
            if (!_fits(update, wish)) continue;
            for (uint256 k = 0; k < priceIds.length; ++k) {
                if (priceFeeds[k].id != 0 || _feedHashOf(priceIds[k], update) != update.said.feedHash) continue;
                priceFeeds[k].id = priceIds[k];
                priceFeeds[k].price = _priceOf(update.said.value, update.said.observedAt, update.feed.decimals);
                slots[k] = uint64(update.said.round);
            }
        }
        for (uint256 k = 0; k < priceIds.length; ++k)
            if (priceFeeds[k].id == 0) revert PriceFeedNotFoundWithinRange();
    }

    /// @dev Give back what was sent along. Nothing of the answer is copied, and everything is done by now.
    function _refund() private {
        if (msg.value == 0) return;
        bool ok;
        assembly ("memory-safe") {
            ok := call(gas(), caller(), callvalue(), 0, 0, 0, 0)
        }
        if (!ok) revert RefundRefused(msg.sender, msg.value);
    }

    /// @dev Take the bytes apart: one length per form and number of signatures.
    function _read(bytes calldata data) private view returns (Update memory update) {
        if (data.length <= PACKED_SIGNERS_AT) revert InvalidUpdateData();
        if (data[0] == PACKED) {
            uint256 report = uint256(bytes32(data[REPORT_AT:]));
            uint256 observedAt = uint32(report >> 192);
            update.said = SignedObservation.Observation({
                feedHash: bytes32(data[1:]),
                round: report >> 224,
                value: int80(uint80(report >> 112)),
                observedAt: observedAt,
                validUntil: observedAt + uint32(report >> 80),
                statementDigest: bytes32(data[REPORT_AT + 32:])
            });
        } else {
            if (data.length <= SIGNATURES_AT) revert InvalidUpdateData();
            uint256 behind = data.length - SIGNATURES_AT;
            bool fits = data[0] == BY_GROUP
                ? behind == GroupSignature.LENGTH
                : data[0] == BY_LIST && behind % Signature.LENGTH == 0 && behind <= Signature.LENGTH * MAX_SIGNATURES;
            if (!fits) revert InvalidUpdateData();
            update.said = SignedObservation.decode(data[1:SIGNATURES_AT]);
        }
        update.feed = _find(update.said.feedHash);
        // An id of Pyth's is for readers; what is signed names the feed itself.
        if (update.feed.feed == address(0) || update.feed.isAlias) revert InvalidUpdateData();
    }

    /// @dev Signatures and time of an update that is not stored. A past `validUntil` does not matter to who asks for a past
    /// time.
    function _verify(bytes calldata data, Update memory update) private view {
        (uint256[] memory positions, bool byGroup) = _positionsOf(data);
        SignedObservation.Observation memory said = update.said;
        bytes32 hash = ObservationHash.ofFields(
            said.feedHash,
            said.round,
            said.value,
            said.observedAt,
            said.validUntil,
            said.statementDigest
        );
        bool isSigned = byGroup
            ? SignedObservation.isSignedByGroup(update.feed.feed, hash, positions[0])
            : SignedObservation.isSigned(update.feed.feed, hash, positions);
        if (!isSigned || said.observedAt > block.timestamp + MAX_AHEAD) revert InvalidUpdateData();
    }

    function _fits(Update memory update, Wish memory wish) private view returns (bool) {
        uint256 time = update.said.observedAt;
        uint256 round = update.said.round;
        if (time < wish.from || time > wish.to || round > type(uint32).max) return false;
        if (!wish.first || round == 1) return true;
        (, , , uint256 before, ) = AggregatorV3Interface(update.feed.feed).getRoundData(uint80(round - 1));
        return before != 0 && before < wish.from;
    }

    function _noOlderThan(bytes32 id, uint256 age) private view returns (Price memory price) {
        price = getPriceUnsafe(id);
        uint256 distance = block.timestamp > price.publishTime
            ? block.timestamp - price.publishTime
            : price.publishTime - block.timestamp;
        if (distance > age) revert StalePrice();
    }

    /// @dev Time of the stored price; 0 when there is none.
    function _timeOf(bytes32 id) private view returns (uint256 updatedAt) {
        Feed memory found = _find(id);
        if (found.feed != address(0)) (, , , updatedAt, ) = AggregatorV3Interface(found.feed).latestRoundData();
    }

    function _feedHashOf(bytes32 priceId, Update memory update) private view returns (bytes32) {
        // The common case needs no look at what ids stand for.
        return priceId == update.said.feedHash ? priceId : aliasOf[priceId];
    }

    /// @dev What the feed is called with.
    function _callOf(bytes calldata data) private pure returns (bytes memory) {
        if (data[0] != PACKED) {
            uint256 length = data[0] == BY_GROUP ? GroupSignature.LENGTH : Signature.LENGTH;
            bytes[] memory signatures = new bytes[]((data.length - SIGNATURES_AT) / length);
            for (uint256 i = 0; i < signatures.length; ++i)
                signatures[i] = data[SIGNATURES_AT + i * length:SIGNATURES_AT + (i + 1) * length];
            return abi.encodeCall(IFeedStore.submit, (data[1:SIGNATURES_AT], signatures));
        }
        bytes4 entry = _isPackedGroup(data)
            ? IFeedStore.updateByGroup_RUALF.selector
            : IFeedStore.update_QJGga.selector;
        return bytes.concat(entry, data[REPORT_AT:]);
    }

    /// @dev Where signatures lie in calldata; of a packed list those of the members whose bit is not set.
    function _positionsOf(bytes calldata data) private pure returns (uint256[] memory positions, bool byGroup) {
        if (data[0] == BY_GROUP)
            return (SignedObservation.positionsFrom(SignedObservation.positionOf(data[SIGNATURES_AT:]), 1), true);
        if (data[0] == BY_LIST) {
            uint256 count = (data.length - SIGNATURES_AT) / Signature.LENGTH;
            uint256 first = SignedObservation.positionOf(data[SIGNATURES_AT:]);
            return (SignedObservation.positionsFrom(first, count), false);
        }
        uint256 start = SignedObservation.positionOf(data[PACKED_SIGNERS_AT:]);
        uint256 length = data.length - PACKED_SIGNERS_AT;
        if (_isPackedGroup(data)) {
            if (length != GROUP_PROOF_LENGTH) revert InvalidUpdateData();
            return (SignedObservation.positionsFrom(start + 32, 1), true);
        }
        uint256 report = uint256(bytes32(data[REPORT_AT:]));
        uint256 absent = uint32(report >> 48);
        uint256 members = uint256(uint8(report)) + 1;
        if (members > MAX_SIGNATURES) revert InvalidUpdateData();
        positions = new uint256[](members);
        uint256 signing;
        uint256 position = start;
        for (uint256 i = 0; i < members; ++i) {
            bool isAbsent = (absent >> i) & 1 == 1;
            if (!isAbsent) positions[signing++] = position;
            position += isAbsent ? 20 : Signature.LENGTH;
        }
        if (position != start + length || absent >> members != 0) revert InvalidUpdateData();
        assembly ("memory-safe") {
            mstore(positions, signing)
        }
    }

    function _isPackedGroup(bytes calldata data) private pure returns (bool) {
        // The last but one byte of the report: 255 stands for a group.
        return data[REPORT_AT + 30] == 0xff;
    }

    function _priceOf(int256 value, uint256 time, uint8 decimals) private pure returns (Price memory) {
        if (value != int64(value)) revert Decimals18.ValueDoesNotFit(value);
        return Price(int64(value), 0, -int32(uint32(decimals)), time);
    }
}
